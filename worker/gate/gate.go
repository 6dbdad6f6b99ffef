// Package gate keeps calls away from a payment gateway that is down.
//
// A failure that is evidence about one receipt is not evidence about its gateway.
// Each gateway has a gate in Redis, shared by all processes, that counts the
// different receipts that failed since the gateway's last success. A receipt that
// failed before a success is a suspect, and does not count. The gate closes when 80
// have failed; or once nothing has succeeded for ten minutes, when ten have, or 80 calls
// did, those for suspects included.
//
// While it is closed, the gateway's queues are paused through Asynq, no attempt
// counts, and probes find out whether the gateway works: the first on many receipts from
// all over what waits, since those that failed may be a bad part of a list; then one at
// a time, with receipts never called, single ones and others in turn, then with those that
// failed since the last success, then suspects, and last those that PortOne turned away.
// Any success opens the gate and resets the count. Receipts that failed since the last
// success are then brought forward; all others keep their schedule. No ramp follows. A
// gate that was closed for less than a minute takes twice as many the next time, for ten
// minutes, and a thousand at most.
//
// If nothing succeeds for twelve hours, it is the receipts that fail: the gate is
// waived, and stays open until something succeeds. If nothing waits any more, it stays closed:
// what is requested next is the probe.
//
// One more gate stands before PortOne itself, with a rule of its own: it closes
// when a process gets no token, or when 70 % of its last 10 to 20 calls did not
// reach PortOne, were not let in, or were too many.
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
	// reached, or accepts no calls.
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

// Evidence is what a call says about a gate.
type Evidence int

const (
	// Silent: nothing. PortOne may have refused the request without asking the
	// gateway.
	Silent Evidence = iota
	// RevokedBefore: the call failed, since its receipt had been revoked before. What
	// failed until then no longer counts, but nothing is known to work.
	RevokedBefore
	// Answered: what stands behind the gate works.
	Answered
	// Failed: it does not. A gate closes on many of these.
	Failed
	// Limited: it has answered too many calls, of whichever process. It is as Failed, and no
	// process stands aside for it.
	Limited
	// Down: nothing can get through. PortOne's gate closes on one of these.
	Down
)

// Signs are what a call says about its gateway's gate and about PortOne's.
type Signs struct {
	Gateway, PortOne Evidence
	// Cause is why it failed, in a word.
	Cause string
}

// Result is what a call came to.
type Result struct {
	ImpUID string
	// Since is when the first attempt on the receipt began, if one before failed; else
	// zero. If the gateway had a success since then, the receipt is a suspect.
	Since time.Time
	// TurnedAway is since when PortOne turns the receipt away, if it did before; else zero. If it answered others
	// since then, the receipt is a suspect of PortOne's gate.
	TurnedAway time.Time
	Signs
}

// longestWait is how long a call may wait for its gate in the slot that it has;
// then its task goes back. It bounds how often tasks are taken up in vain.
const longestWait = time.Second

// WaitError says that a call must wait for longer than it may hold a slot.
type WaitError struct {
	// Gate is the gate that is closed, empty if too many calls are made or a person has
	// paused the queue.
	Gate Name
	Wait time.Duration // until it is worth trying again
	text string
}

func (e *WaitError) Error() string { return e.text }
