// Package doctor looks for what would lose revocations, or keep them from being
// carried out, and is reported by nothing else: how Redis is set up, whether PortOne
// accepts the credentials, and tasks and requests that no worker works on. It
// changes nothing but keys that live for a second, and costs the same at any number
// of tasks and outcomes.
package doctor

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
)

// Level is how bad a finding is.
type Level string

// The levels. A failure would lose revocations or stops all of them; a
// warning may do so one day; unknown is what Redis does not show its user.
const (
	OK      Level = "ok"      // as it should be
	Warning Level = "warning" // something may be lost, or wait, one day
	Failure Level = "failure" // revocations are lost, or stand still
	Unknown Level = "unknown" // Redis or PortOne did not say
)

// Finding is what one check has found.
type Finding struct {
	// Check names the check.
	Check string `json:"check"`
	// Node is the address of the Redis that is meant, empty if there is but one.
	Node  string `json:"node,omitempty"`
	Level Level  `json:"level"`
	// Found says what was found, with its value.
	Found string `json:"found"`
	// Mend says what to do about it, empty if there is nothing to do.
	Mend string `json:"mend,omitempty"`
}

func ok(check, found string) Finding { return Finding{check, "", OK, found, ""} }

func unknown(check, found string) Finding { return Finding{check, "", Unknown, found, ""} }

func warning(check, found, mend string) Finding { return Finding{check, "", Warning, found, mend} }

func failure(check, found, mend string) Finding { return Finding{check, "", Failure, found, mend} }

// Config is what is examined.
type Config struct {
	// Redis is required, and closed by the caller.
	Redis redis.UniversalClient
	// Reach returns why Redis cannot be reached, or is not what the URL takes it for;
	// nil if all is well. Required.
	Reach func(context.Context) error
	// Outcomes is a store on Redis. Required.
	Outcomes *outcome.Store
	// Failover tells that Sentinels say which Redis is the master.
	Failover bool
	// API calls PortOne; nil if no credentials are given, as is right where no
	// worker runs, or if they cannot be used, as NoAPI then says.
	API   *iamport.Client
	NoAPI error
	// Doubts is what looks wrong with the credentials, without them, for the
	// case that PortOne refuses them.
	Doubts []string
}

// patience bounds every check by itself.
const patience = 15 * time.Second

// doctor is one examination.
type doctor struct {
	Config
	yield func(Finding) bool
	left  bool  // the caller ended the iteration
	held  int64 // tasks in paused queues
}

// tell passes findings on.
func (d *doctor) tell(findings ...Finding) {
	for _, f := range findings {
		d.left = d.left || !d.yield(f)
	}
}
