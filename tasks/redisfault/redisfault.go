// Package redisfault reads what a Redis says in its errors about its own state and about its data,
// keeps a client calm while it is in trouble, and knows what a person should do. It is the one place
// that knows the words of Redis: all others ask for a [Fault].
package redisfault

import "regexp"

// Fault is the code of an error of Redis, such as READONLY, or one of ours for an error that has none;
// empty for every error that is not one of those below.
type Fault string

// The faults.
const (
	Busy           Fault = "BUSY"           // a script has been running for seconds
	ClusterDown    Fault = "CLUSTERDOWN"    // a slot is served by no node
	Denied         Fault = "DENIED"         // protected mode: it talks to its own machine alone
	Loading        Fault = "LOADING"        // it is reading its files
	MasterDown     Fault = "MASTERDOWN"     // a replica whose master is away
	MaxClients     Fault = "MAXCLIENTS"     // ours: it has as many connections as maxclients allows
	Misconf        Fault = "MISCONF"        // it cannot write to its disk
	Moved          Fault = "MOVED"          // a node of a Cluster, and the key is on another one
	NoAuth         Fault = "NOAUTH"         // it wants a password
	NoDatabase     Fault = "NODATABASE"     // ours: it has no database of that number
	NoCluster      Fault = "NOCLUSTER"      // ours: it is no node of a Cluster
	NoPerm         Fault = "NOPERM"         // the user has not the right
	NoReplicas     Fault = "NOREPLICAS"     // fewer replicas than min-replicas-to-write
	OOM            Fault = "OOM"            // its memory is full
	ReadOnly       Fault = "READONLY"       // it is a replica
	TryAgain       Fault = "TRYAGAIN"       // a slot is moving to another node
	UnknownCommand Fault = "UNKNOWNCOMMAND" // ours: a Sentinel, a proxy, or a Redis that is too old
	WrongPass      Fault = "WRONGPASS"      // the user or the password is wrong
	WrongType      Fault = "WRONGTYPE"      // a key holds another type of value
)

// code finds a fault at the beginning of an error or of one that is wrapped in it. Redis before 7.0
// wraps what a command in a script says: "ERR Error running script (call to f_…): @user_script:197:
// @user_script: 197: -READONLY You can't …"; some proxies put ERR before it.
var code = regexp.MustCompile(`(?:^|: )-?(?:ERR )?(BUSY|CLUSTERDOWN|DENIED|LOADING|MASTERDOWN|MISCONF|MOVED|NOAUTH|` +
	`NOPERM|NOREPLICAS|OOM|READONLY|TRYAGAIN|WRONGPASS|WRONGTYPE) `)

// uncoded are the faults that Redis, Valkey and Sentinel tell in words alone.
var uncoded = []struct {
	fault Fault
	words *regexp.Regexp
}{
	{MaxClients, regexp.MustCompile(`ERR max number of clients`)},
	{NoCluster, regexp.MustCompile(`ERR This instance has cluster support disabled`)},
	{NoDatabase, regexp.MustCompile(`ERR (?:DB index is out of range|invalid DB index)`)},
	{NoPerm, regexp.MustCompile(`The user executing the script can't|ACL failure in script`)},
	{UnknownCommand, regexp.MustCompile(`ERR [Uu]nknown (?:sub)?command|ERR Unknown Redis command called from script`)},
}

// broken finds what a script says that cannot work with a value, such as a text where it needs a
// number. It knows such an error by the script's position in it.
var broken = regexp.MustCompile(`(?:^|: )ERR .*user_script`)

// Of returns the fault that an error tells of, wherever in its text. It reads the text and not a type:
// go-redis, Asynq and this project wrap errors of Redis in various ways, and some keep the text alone.
func Of(err error) Fault {
	if err == nil {
		return ""
	}
	text := err.Error()
	if found := code.FindStringSubmatch(text); found != nil {
		return Fault(found[1])
	}
	for _, other := range uncoded {
		if other.words.MatchString(text) {
			return other.fault
		}
	}
	return ""
}

// Corrupt reports whether the data in Redis is not what a script can work with: a key of another type,
// or a value that is none. No repetition mends that, and a person has to look at the key.
func Corrupt(err error) bool {
	fault := Of(err)
	return fault == WrongType || fault == "" && err != nil && broken.MatchString(err.Error())
}
