// Package doctor looks for what would lose revocations, or keep them from being carried
// out, and is reported by nothing else: how Redis is set up, whether PortOne accepts the
// credentials, and tasks and requests that no worker works on. Figures such as the number
// of dead letters are left to metrics and to the commands that show them.
//
// It changes nothing but keys that live for a second, and costs the same at any number of
// tasks and outcomes: every reading is a length or a first page, and nothing is scanned. At
// 100,000 tasks and a million outcomes an examination takes Redis less than 10 ms.
package doctor

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
)

// Level is how bad a finding is. Scripts read the values in --json, so they must not
// change.
type Level string

// The levels. A failure would lose revocations or stops all of them; a warning may do so
// one day; unknown is what Redis does not show its user. An alarm that is always on is read
// by no one, so unknown changes no exit code: a managed Redis forbids CONFIG, and that is
// no fault.
const (
	OK      Level = "ok"      // as it should be
	Warning Level = "warning" // something may be lost, or wait, one day
	Failure Level = "failure" // revocations are lost, or stand still
	Unknown Level = "unknown" // Redis or PortOne did not say
)

// Finding is what one check has found.
type Finding struct {
	// Check names the check. Checks have one finding each, but for those that are made on
	// every node of a Cluster.
	Check string `json:"check"`
	// Node is the address of the Redis that is meant, empty if there is but one.
	Node string `json:"node,omitempty"`
	// Level decides the exit code: 1 with any failure, 3 with any warning, else 0.
	Level Level `json:"level"`
	// Found says what was found, with its value.
	Found string `json:"found"`
	// Mend says what to do about it, in terms of a setting or a command. Every warning and
	// failure has one; otherwise it is empty.
	Mend string `json:"mend,omitempty"`
}

func ok(check, found string) Finding { return Finding{check, "", OK, found, ""} }

func unknown(check, found string) Finding { return Finding{check, "", Unknown, found, ""} }

func warning(check, found, mend string) Finding { return Finding{check, "", Warning, found, mend} }

func failure(check, found, mend string) Finding { return Finding{check, "", Failure, found, mend} }

// Config is what is examined. API and NoAPI tell three cases apart: credentials that can be
// used, none at all, and credentials that are wrong in form.
type Config struct {
	// Redis is the client of the settings of a command, closed by the caller. Required. The
	// user of its URL is the one whose rights are examined.
	Redis redis.UniversalClient
	// Reach returns why Redis cannot be reached, or is not what the URL takes it for;
	// nil if all is well. Required.
	Reach func(context.Context) error
	// Outcomes is a store on Redis, whose namespace is examined. Required.
	Outcomes *outcome.Store
	// Failover tells that Sentinels say which Redis is the master. Only then is
	// [node.replication] of interest, since only then may a failover take place.
	Failover bool
	// API calls PortOne; nil if no credentials are given, as is right where no
	// worker runs, or if they cannot be used, as NoAPI then says.
	API   *iamport.Client
	NoAPI error
	// Insecure tells that API is nil because the credentials would be sent without encryption,
	// which the settings do not allow.
	Insecure bool
	// Doubts is what looks wrong with the credentials, without them, for the
	// case that PortOne refuses them.
	Doubts []string
}

// patience bounds every check by itself: one that Redis or PortOne does not answer is
// reported as what it is, and takes no time from the next.
const patience = 15 * time.Second

// doctor is one examination. The checks run one after another, so it needs no lock.
type doctor struct {
	Config
	yield func(Finding) bool
	// left is whether the caller has ended the iteration: yield must not be called again.
	left bool
	// held is how many tasks are in paused queues, which the check of queues finds and that
	// of overdue requests leaves out: it must run first.
	held int64
}

// tell hands findings to the caller, and none once that has ended the iteration.
func (d *doctor) tell(findings ...Finding) {
	for _, f := range findings {
		d.left = d.left || !d.yield(f)
	}
}
