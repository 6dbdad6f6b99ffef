package redisfault

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
)

// AddressError says that an address leads to something else than its URL takes it for, such as a
// Sentinel. No repetition helps. Callers match it with [errors.As], or all errors of this kind with
// [Permanent].
type AddressError struct {
	Addr   string // host and port, or the path of a socket
	Is     string // what it is, as in "is a Sentinel"
	Advice string // what to set
}

func (e *AddressError) Error() string { return e.Addr + " " + e.Is }

// Permanent reports whether no repetition helps: the URL, the password, the certificates or the rights
// of the user must be changed. READONLY is not permanent, as a failover ends it; what is a replica at
// the start is an [*AddressError]. `revoker work` ends with such an error at its start, and waits for
// Redis with any other.
func Permanent(err error) bool {
	switch Of(err) {
	case Denied, Moved, NoAuth, NoCluster, NoDatabase, NoPerm, UnknownCommand, WrongPass:
		return true
	}
	var address *AddressError
	var rights *RightsError
	return errors.As(err, &address) || errors.As(err, &rights) || ofCertificates(err) != ""
}

// What to set where an address leads to the wrong server.
const (
	// SetCluster is for a URL of one server where a node of a Cluster answers.
	SetCluster = "begin the Redis URL with redis-cluster:// or rediss-cluster://"
	// SetMaster is for a URL that leads to a replica.
	SetMaster = "point the Redis URL at the master, or to the Sentinels with redis-sentinel://"
	// SetSingle is for a URL of a Cluster where a single server answers.
	SetSingle = "begin the Redis URL with redis:// or rediss://"
)

// setKnown is what to do where a command is unknown that Redis has had since 6.2, the oldest version
// that README names.
const setKnown = "take rename-command for it out of Redis' settings, " +
	"unless this is a Sentinel, a proxy, or a Redis before 6.2: " +
	SetMaster

// setType names the keys of an imp_uid, as errors name that and not its keys.
const setType = "see what wrote that key, with TYPE and GET in redis-cli, and rename or delete it; " +
	"of an imp_uid that is " +
	"{receipt}:request:<imp_uid> or {receipt}:outcome:<imp_uid>. A database of our own keeps other programs away"

// setUser is for a wrong user or password. A password in a URL is a frequent cause: characters such as
// @ and / must be escaped.
const setUser = "give both as in redis://user:password@host:6379, with a password's special characters as %XX"

// advice says for each fault what to do. A sentence begins with a verb, since it stands behind the
// error, and names Redis' settings and commands as its documentation does. A fault without an entry has
// none to give.
var advice = map[Fault]string{
	Busy:        "this passes when its script ends; SCRIPT KILL in redis-cli ends one that has written nothing",
	ClusterDown: "bring the missing nodes back, or fail over: redis-cli --cluster check",
	Denied:      "give Redis' users passwords, and set its bind and protected-mode",
	Loading:     "this passes when Redis has read its files: try again then",
	MasterDown:  "it is a replica whose master is away: " + SetMaster,
	MaxClients:  "raise Redis' maxclients, or close connections: CLIENT LIST in redis-cli shows whose they are",
	Misconf:     "make room on Redis' disk, and see its log: it cannot save, and takes no writes until it can",
	Moved:       "it is a node of a Redis Cluster: " + SetCluster,
	NoAuth:      setUser,
	NoCluster:   SetSingle,
	NoDatabase:  "end the Redis URL in a number below Redis' setting databases, which is 16 by default, such as /0",
	NoPerm: "use the user that the runbook has for this command, " +
		"or give this one the rights of the runbook's list",
	NoReplicas:     "bring a replica back: there are fewer than min-replicas-to-write asks for",
	OOM:            "raise maxmemory, or wait for workers to go through what is queued: memory is full",
	ReadOnly:       "it is a replica: " + SetMaster,
	UnknownCommand: setKnown,
	WrongPass:      setUser,
	WrongType:      setType,
}

// Advice returns what to do about an error of Redis, empty where that is not known. It is for people: a
// command prints it behind the error.
func Advice(err error) string {
	var address *AddressError
	if errors.As(err, &address) {
		return address.Advice
	}
	var rights *RightsError
	if errors.As(err, &rights) {
		return rights.advice()
	}
	if set := ofCertificates(err); set != "" {
		return set
	}
	return cmp.Or(advice[Of(err)], ofConnections(err))
}

// ofConnections returns what to do where a client cannot connect to Redis, or gets no answer.
func ofConnections(err error) string {
	var operation *net.OpError
	var host *net.DNSError
	var late net.Error
	switch {
	case errors.As(err, &host):
		return "make the Redis URL name a host that is known here, or mend the name service"
	case errors.As(err, &operation) && operation.Op == "dial":
		return ofDial(operation)
	case errors.As(err, &late) && late.Timeout():
		return "see whether redis-cli PING answers: Redis may be stopped, or at work on one command (SLOWLOG GET), " +
			"or the network drops what is sent"
	}
	return ""
}

// ofDial returns what to do where a client cannot connect. Where Redis is reached by a socket, its
// path is no host and no port.
func ofDial(dial *net.OpError) string {
	switch err := dial.Err; {
	case errors.Is(err, fs.ErrPermission):
		return "allow the process to open Redis' socket: see Redis' settings unixsocketperm and unixsocket"
	case dial.Net == "unix":
		return "start Redis, or make the Redis URL name the file of Redis' setting unixsocket"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "start Redis, or make the Redis URL name the host and port that it listens at: see its settings bind and port"
	}
	return "start Redis, make the Redis URL name its host and port, or look at the network and its firewalls"
}

// ofCertificates returns what to set where one end of an encrypted connection does not accept the
// other's certificate. "remote error" is how crypto/tls tells that the other end, Redis, has refused.
func ofCertificates(err error) string {
	var refused *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &unknown):
		return "name the file of its authority with --redis-ca or REDIS_CA_FILE"
	case errors.As(err, &name):
		return "make the Redis URL name the host as its certificate does"
	case errors.As(err, &refused):
		return "give Redis another certificate"
	case strings.Contains(err.Error(), "remote error: tls: "):
		return "show Redis a certificate that it accepts, with --redis-cert and --redis-key"
	}
	return ""
}
