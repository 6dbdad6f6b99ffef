package outcome_test

import (
	"fmt"
	"strings"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// An action is what a step does.
type action string

const (
	doAsk         action = "ask"
	doBegin       action = "begin"
	doFinish      action = "finish"
	doExtend      action = "extend"
	doCrash       action = "crash" // whoever runs is not heard of until its lease is over
	doRevive      action = "revive"
	doDiscard     action = "discard"
	doSettle      action = "settle" // by what a person found out
	doCancel      action = "cancel" // for all who ask
	doCancelBatch action = "cancel the batch"
	doComplete    action = "complete the batch"
)

// A step is one thing that happens to one imp_uid, or to a batch. Any steps in any
// order are a valid sequence.
type step struct {
	do action
	on int // which imp_uid
	by int // which attempt, counted back from the last that began; how many rows are asked for again
	as int // for which batch, from 1; 0 for none
	// What is asked for.
	applyNum, tier string
	again          bool
	dry            bool
	// What a person found out.
	revoked bool
	// What an attempt says at its end.
	answer               outcome.Outcome
	uncounted, uncertain bool
	// lost: the reply is lost and the call repeated.
	lost bool
}

func (s step) String() string {
	text := fmt.Sprintf("imp_%d: %s", s.on, s.do)
	switch s.do {
	case doAsk, doBegin:
		text += fmt.Sprintf(" %s%s tier %s again %t", s.batch(), s.applyNum, s.tier, s.again)
	case doCancel, doCancelBatch, doComplete:
		text += fmt.Sprintf(" %s dry %t", s.batch(), s.dry)
	case doFinish, doExtend:
		text += fmt.Sprintf(" by last-%d", s.by)
	case doSettle:
		text += fmt.Sprintf(" revoked %t", s.revoked)
	}
	if s.do == doAsk {
		text += fmt.Sprintf(" with %d rows before", s.by)
	}
	if s.do == doFinish {
		text += fmt.Sprintf(" %s (%s) uncounted %t uncertain %t", s.answer.Status, s.answer.Reason, s.uncounted, s.uncertain)
	}
	if s.lost {
		text += ", reply lost and repeated"
	}
	return text
}

// GoString is how rapid shows it.
func (s step) GoString() string { return s.String() }

func (s step) batch() string {
	if s.as == 0 {
		return "alone "
	}
	return "in " + batchNames[s.as-1] + " "
}

// asks returns what the step asks for.
func (s step) asks() tasks.Revocation {
	return tasks.Revocation{
		ImpUID: fmt.Sprintf("imp_%d", s.on), PG: tasks.KCP, ApplyNum: s.applyNum, Again: s.again, Tier: s.tier,
	}
}

// seen is what Redis holds of one imp_uid, as far as it decides anything.
type seen struct {
	// Of what is asked for now: queued while there is no outcome of it.
	Status    outcome.Status
	Reason    outcome.Reason
	Attempts  int
	Withdrawn bool // and not revoked
	// Uncertain tells that an attempt may have worked unseen, also an earlier request's.
	Uncertain bool
	// Leased tells that an attempt was begun and did not end, Live that its
	// lease is not over, and Idle that it makes no DELETE.
	Leased, Live, Idle bool
	// Open is when it is overdue: "lease", "next", "now" or "at once", empty where it is not open.
	Open string
	Dead bool
	// Expires names what has a life that ends: outcome, request.
	Expires string
	// Stream is the entries, as status/reason/attempts.
	Stream string
}

// ended reports whether nothing is asked for that has not ended.
func (s seen) ended() bool { return s.Status.Terminal() }

// over reports whether nothing is to be called any more.
func (s seen) over() bool { return s.ended() || s.Withdrawn }

// model is what the store promises, without clocks, fences or ids.
type model struct {
	receipts [impUIDs]receipt
	batches  [len(batchNames)]book
}

// apply makes a step and returns the reply that the store owes. A call that is
// repeated changes nothing, and has the reply of the second time, but for what it
// recorded of a batch itself.
func (m *model) apply(s step) string {
	from, rows := m.chunk(s)
	open := m.open()
	reply, own := "", 0
	if s.do == doAsk && s.as > 0 {
		own = len(m.batches[s.as-1].kinds) + 1
	}
	for range calls(s) {
		switch {
		case s.do == doAsk && s.as > 0:
			reply = m.askRows(s.as-1, from, own, rows)
		case s.do == doCancelBatch:
			reply = m.cancelBatch(s.as-1, open, s.dry)
		case s.do == doComplete:
			reply = m.complete(s.as - 1)
		default:
			reply = m.once(&m.receipts[s.on], s)
		}
		m.settle()
	}
	return reply
}

// calls returns how often a call is made. A repeated begin is the same attempt, and
// what is discarded is no script.
func calls(s step) int {
	if s.lost && s.do != doBegin && s.do != doDiscard {
		return 2
	}
	return 1
}

func (m *model) once(r *receipt, s step) string {
	switch s.do {
	case doAsk:
		return r.askAlone(m, s)
	case doBegin:
		return r.begin(m, s)
	case doFinish:
		return r.finish(m, s)
	case doExtend:
		if r.running != 0 && r.begun-s.by == r.running {
			r.live, r.due = true, "lease"
			return fmt.Sprint("may call ", r.current())
		}
		return "may call false"
	case doCrash:
		if r.running != 0 {
			r.live, r.due = false, "lease"
		}
	case doRevive:
		return r.revive(m)
	case doSettle:
		return r.settle(m, s.revoked)
	case doCancel:
		return r.cancel(m, nobody, s.dry)
	case doDiscard:
		was := r.dead
		r.dead = false
		return fmt.Sprint("discarded ", was)
	}
	return ""
}

// open returns which imp_uids are open.
func (m *model) open() (open []int) {
	for i := range m.receipts {
		if m.receipts[i].due != "" {
			open = append(open, i)
		}
	}
	return open
}

// joined returns what is not empty, one after the other.
func joined(parts ...string) string {
	var some []string
	for _, part := range parts {
		if part != "" {
			some = append(some, part)
		}
	}
	return strings.Join(some, " ")
}
