// Package gate keeps calls away from a payment gateway that is down. Each
// gateway has a gate in Redis that all processes share: it closes when most
// recent calls failed, pauses the gateway's queues through Asynq, lets one
// probe at a time find out whether the gateway is back, and then lets the calls
// through again, few at first. One more gate stands before PortOne itself.
package gate

import (
	"time"

	"receiptrevoker/tasks"
)

// Name is a gate's name: the code of its gateway, or one of the constants.
type Name string

const (
	// Unknown is the gate of the tasks without a gateway that is known.
	Unknown Name = "-"
	// PortOne is the gate before all gateways. It closes when PortOne cannot be
	// reached, or lets nobody in.
	PortOne Name = "portone"
)

// Of returns the name of a gateway's gate.
func Of(pg tasks.Gateway) Name {
	if pg.Known() {
		return Name(pg)
	}
	return Unknown
}

// covers reports whether the gate stands before a queue.
func (n Name) covers(q tasks.Queue) bool { return n == PortOne || n == Of(q.PG) }

// names returns the names of all gates.
func names() []Name {
	all := []Name{PortOne, Unknown}
	for _, pg := range tasks.Gateways() {
		all = append(all, Of(pg))
	}
	return all
}

// State is a gate as it stands in Redis. The zero State is that of a gate that
// has not been closed recently. All times are Redis' own, whose clock is the
// only one that all processes share.
type State struct {
	Closed bool
	// Epoch is when it last closed or opened, in microseconds. It tells one
	// closure from the next.
	Epoch int64
	// Owner is the process that closed it, and Reason why, for people.
	Owner, Reason string
	// Since is when it closed, if it is closed.
	Since time.Time
	// NextProbe is when it is next tried whether the gateway is back, and
	// Interval how long that is after the time before.
	NextProbe time.Time
	Interval  time.Duration
	// OpenedAt is when it opened, if it is open.
	OpenedAt time.Time

	tried       []string  // imp_uids of the last probes, all of which failed
	opener      string    // the process whose probe opened it
	released    bool      // nothing is left to be brought forward
	leader      string    // the process that is at it
	leaderUntil time.Time // and for how long it is believed to live
}

// Evidence is what a call says about a gate.
type Evidence int

const (
	// Silent: nothing.
	Silent Evidence = iota
	// Refused: PortOne refused the request, and may not have asked the gateway.
	// Such a call is none of those that failed, but as a probe it says nothing.
	Refused
	// Answered: what stands behind the gate works.
	Answered
	// Failed: it does not. A gate closes on many of these.
	Failed
	// Down: nothing can get through. A gate closes on one of these.
	Down
)

// Signs are what a call says about its gateway's gate and about PortOne's.
type Signs struct {
	Gateway, PortOne Evidence
	// Cause is why it failed, in a word.
	Cause string
}
