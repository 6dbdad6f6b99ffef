package world

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Kind is what goes wrong, or what people do. To which payments people do something is drawn from
// random numbers of the fault's text (world.interfere): a kind that is renamed changes that of
// every seed.
type Kind string

// The kinds of faults. A call that goes wrong at PortOne is "call:" and its fault, see
// [iamporttest.Fault], a lookup "lookup:", a call for a token "token:".
const (
	Outage      Kind = "outage"          // a gateway is down: every DELETE answers 500
	PortOneDown Kind = "portone-down"    // PortOne takes no connections
	Kill        Kind = "kill"            // a worker dies, and another one is started when the window ends
	Freeze      Kind = "freeze"          // a worker stops, and continues when the window ends
	Stop        Kind = "stop"            // the same, as soon as it begins an attempt
	CutBefore   Kind = "cut-before"      // the network cuts connections before what is sent arrives
	CutAfter    Kind = "cut-after"       // the network cuts connections after what was sent has arrived
	RedisDown   Kind = "redis-down"      // Redis takes no connections, and keeps its data
	RedisLoses  Kind = "redis-loses"     // the same, and it comes back without its last second
	RedisFull   Kind = "redis-full"      // writes are refused with OOM
	ReadOnly    Kind = "redis-read-only" // writes are refused with READONLY
	refusesAll  Kind = "call:501"        // PortOne says of receipts that their gateways support none

	// callPrefix, lookupPrefix and tokenPrefix begin the faults of the simulated PortOne, of DELETEs, of lookups
	// and of calls for a token.
	callPrefix, lookupPrefix, tokenPrefix = "call:", "lookup:", "token:"
)

// What people do: each at a time of its own within the window, to the given rate of the
// payments, or of the lists.
const (
	Pause      Kind = "pause"          // a person pauses a gateway, and resumes it when the window ends
	Archive    Kind = "archive-task"   // a person archives a task in the web UI
	Delete     Kind = "delete-task"    // a person deletes one
	RunTask    Kind = "run-task"       // a person runs one at once
	Retry      Kind = "retry-letter"   // a person retries a dead letter
	Discard    Kind = "discard-letter" // a person takes one off the list
	Cancel     Kind = "cancel"         // who asked cancels
	CancelSoon Kind = "cancel-soon"    // the same of those that are asked for in the window, within seconds
	CancelList Kind = "cancel-list"    // who gave a list cancels it
	Reissue    Kind = "reissue"        // another receipt follows the one that was revoked
	Again      Kind = "again"          // the same, and the new one is asked for
)

// Each kind stands in one of these lists, or begins with one of the prefixes of the simulated
// PortOne: [Fault.validate] refuses any other.
var (
	// toWorkers are the faults that say which worker, and toGateways which gateway.
	toWorkers  = []Kind{Kill, Freeze, Stop}
	toGateways = []Kind{Outage, Pause}
	// wholly are faults without a rate.
	wholly = []Kind{PortOneDown, RedisDown, RedisLoses}
	// partly are faults that concern a rate of what is sent.
	partly = []Kind{CutBefore, CutAfter, RedisFull, ReadOnly}
	// deeds are what people do to payments or lists.
	deeds = []Kind{Archive, Delete, RunTask, Retry, Discard, Cancel, CancelSoon, CancelList, Reissue, Again}
)

// Fault is something that goes wrong, or that people do, in a window of time. It is comparable, and
// two faults that are equal count as two. A window may end after the span, but not begin after it.
//
// What a field means depends on the kind; others ignore it. Worker is for Kill, Freeze and Stop,
// After for Kill, PG for Outage, Pause and calls of the simulated PortOne. Wait is for calls: a
// Retry-After of a 429, a 503 or a page of HTML, or how long a slow answer or a late effect takes.
type Fault struct {
	Kind     Kind
	From, To time.Duration // from the start
	// Rate is the share, 0 to 1, of what is sent, called or refused, or of the payments.
	Rate   float64
	Worker int           // which is killed or frozen, from 0
	After  int           // how many commands a worker sends from then on before it is killed
	PG     tasks.Gateway // which is down or paused, or of whose receipts a call fails; any if empty
	Wait   time.Duration // what Retry-After says, or how long an answer takes
}

// String writes a fault in a line, without what does not apply, such as
// "    2m0s to     5m0s  call:500 rate 0.300 pg kcp".
func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%8v to %8v  %s", f.From.Round(time.Millisecond), f.To.Round(time.Millisecond), f.Kind)
	if slices.Contains(toWorkers, f.Kind) {
		fmt.Fprintf(&b, " worker %d", f.Worker)
	}
	if f.Rate > 0 {
		fmt.Fprintf(&b, " rate %.3f", f.Rate)
	}
	if f.After > 0 {
		fmt.Fprintf(&b, " after %d commands", f.After)
	}
	if f.PG != "" {
		fmt.Fprintf(&b, " pg %s", f.PG)
	}
	if f.Wait > 0 {
		fmt.Fprintf(&b, " wait %v", f.Wait)
	}
	return b.String()
}

// rule returns the rule by which the simulated PortOne plays a fault of calls, and false for another
// kind. A rate of 0 is one of every call then, since iamporttest takes 0 percent for all; faults of
// Redis and of the network never happen at 0. Of both durations PortOne uses the one that its fault
// has.
func (f Fault) rule() (iamporttest.Rule, bool) {
	of, name, found := strings.Cut(string(f.Kind), ":")
	of += ":"
	return iamporttest.Rule{
		Fault: iamporttest.Fault(name), Lookup: of == lookupPrefix, Token: of == tokenPrefix, PG: f.PG,
		Percent: 100 * f.Rate, RetryAfter: f.Wait, Delay: f.Wait,
	}, found && (of == callPrefix || of == lookupPrefix || of == tokenPrefix)
}

// known reports whether there is such a kind, of calls one with a fault that the simulated PortOne
// knows: it panics at any other.
func (f Fault) known() bool {
	rule, isRule := f.rule()
	all := slices.Concat(toWorkers, toGateways, wholly, partly, deeds)
	return slices.Contains(all, f.Kind) || isRule && rule.Fault.Known()
}

// validate returns an error that names what is impossible about a fault of a scenario, by its kind.
func (f Fault) validate(s Scenario) error {
	switch {
	case !f.known():
		return fmt.Errorf("unknown fault %q", f.Kind)
	case !(f.Rate >= 0 && f.Rate <= 1):
		return fmt.Errorf("%s: rate %v is not within 0 and 1", f.Kind, f.Rate)
	case f.From < 0 || f.To < f.From:
		return fmt.Errorf("%s: from %v to %v is no window", f.Kind, f.From, f.To)
	case f.From >= s.Span:
		return fmt.Errorf("%s: from %v to %v is outside of the run of %v", f.Kind, f.From, f.To, s.Span)
	case f.Worker < 0 || f.Worker >= s.Workers:
		return fmt.Errorf("%s: there is no worker %d", f.Kind, f.Worker)
	case f.After < 0 || f.Wait < 0:
		return fmt.Errorf("%s: %d commands or a wait of %v", f.Kind, f.After, f.Wait)
	case !f.PG.Known() && (f.PG != "" || slices.Contains(toGateways, f.Kind)):
		return fmt.Errorf("%s: unknown gateway %q", f.Kind, f.PG)
	}
	return nil
}

// losesAnswers reports whether a process may not hear, or not write down, what a call or a command
// came to. Where a scenario has such a fault, repairs by the sweeper and unconfirmed dead letters
// are explained.
func (f Fault) losesAnswers() bool {
	switch f.Kind {
	case Kill, Freeze, Stop, CutBefore, CutAfter, RedisDown, RedisLoses, RedisFull, ReadOnly:
		return true
	}
	return false
}

// disturbs reports whether a process may not hear what it is told, or not act by it. While such a
// fault is active, and since it began or ended last, the lookout checks no rule about all processes.
func (f Fault) disturbs() bool { return f.losesAnswers() || f.Kind == PortOneDown }

// ofPortOne reports whether PortOne answers otherwise than it should, by a rule. An outage of a
// gateway is not meant, in which PortOne answers 500 as it should.
func (f Fault) ofPortOne() bool {
	_, isRule := f.rule()
	return isRule
}

// delays reports whether a fault may close or open a gate, or delay a call or a sweep, otherwise than an outage or a
// person does.
func (f Fault) delays() bool { return !f.stops() && !slices.Contains(deeds, f.Kind) }

// stops reports whether the calls of a gateway fail or wait as long as a fault lasts.
func (f Fault) stops() bool { return slices.Contains(toGateways, f.Kind) }

// concerns reports whether a fault may delay the request of a payment: one of its gateway, the true
// one or the one that the producer believes, and one of no gateway. What people do to tasks and
// letters delays no other request, and their own are left out by checkWait.
func (f Fault) concerns(p payment) bool {
	switch {
	case strings.HasSuffix(string(f.Kind), ":429"):
		return true // its Retry-After holds all calls
	case f.PG != "":
		return f.PG == p.receipt.PG || f.PG == p.PG
	case slices.Contains(deeds, f.Kind):
		return false
	}
	return true
}
