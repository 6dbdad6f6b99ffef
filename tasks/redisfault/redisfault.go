// Package redisfault reads what a Redis says in its errors about its own state and
// about its data, and keeps a client calm while it is in trouble.
package redisfault

import (
	"regexp"
	"strings"
)

// Fault is the code of an error of Redis, such as READONLY; empty for every error
// without one of the codes below.
type Fault string

// The faults.
const (
	Busy        Fault = "BUSY"        // a script has been running for seconds
	ClusterDown Fault = "CLUSTERDOWN" // a slot is served by no node
	Loading     Fault = "LOADING"     // it is reading its files
	MasterDown  Fault = "MASTERDOWN"  // a replica whose master is away
	Misconf     Fault = "MISCONF"     // it cannot write to its disk
	NoAuth      Fault = "NOAUTH"      // it wants a password
	NoPerm      Fault = "NOPERM"      // the user has not the right
	NoReplicas  Fault = "NOREPLICAS"  // fewer replicas than min-replicas-to-write
	OOM         Fault = "OOM"         // its memory is full
	ReadOnly    Fault = "READONLY"    // it is a replica
	TryAgain    Fault = "TRYAGAIN"    // a slot is moving to another node
	WrongPass   Fault = "WRONGPASS"   // the user or the password is wrong
	WrongType   Fault = "WRONGTYPE"   // a key holds another type of value
)

// code finds a fault at the beginning of an error or of one that is wrapped in it.
// Redis before 7.0 wraps what a command in a script says: "ERR Error running script
// (call to f_…): @user_script:197: @user_script: 197: -READONLY You can't …".
var code = regexp.MustCompile(`(?:^|: )-?(BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|NOAUTH|NOPERM|NOREPLICAS|OOM|` +
	`READONLY|TRYAGAIN|WRONGPASS|WRONGTYPE) `)

// broken finds what a script says that cannot work with a value.
var broken = regexp.MustCompile(`(?:^|: )ERR .*user_script`)

// Of returns the fault that an error tells of, wherever in its text.
func Of(err error) Fault {
	if err == nil {
		return ""
	}
	text := err.Error()
	if found := code.FindStringSubmatch(text); found != nil {
		return Fault(found[1])
	}
	// A script is refused a right without a code.
	if strings.Contains(text, "The user executing the script can't") || strings.Contains(text, "ACL failure in script") {
		return NoPerm
	}
	return ""
}

// Passes reports whether Redis is in a state that passes, by itself or because
// somebody mends it, so that the same command can succeed later.
func Passes(err error) bool {
	fault := Of(err)
	return fault != "" && fault != WrongType
}

// Corrupt reports whether the data in Redis is not what a script can work with: a
// key of another type, or a value that is none. No repetition mends that.
func Corrupt(err error) bool {
	fault := Of(err)
	return fault == WrongType || fault == "" && err != nil && broken.MatchString(err.Error())
}
