package outcome_test

import (
	"fmt"

	"receiptrevoker/tasks/outcome"
)

// nobody is no batch.
const nobody = -1

// request is what is asked for one receipt.
type request struct {
	id                       int // from 1; 0 for none
	applyNum, tier           string
	again, single, withdrawn bool
	rows                     [len(batchNames)]int // that ask for it, from 1; 0 for none
}

// receipt is what the store promises of one imp_uid: only the attempt that runs is
// heard, unless it says revoked, and none of an earlier request.
type receipt struct {
	request
	// The outcome, and the request that it is about, 0 while there is none.
	about    int
	status   outcome.Status
	reason   outcome.Reason
	attempts int
	number   string
	// What else is kept.
	uncertain, live, dead bool
	idle                  bool // the attempt makes no DELETE, since it was withdrawn
	due, stream           string

	of      []int // the requests of all attempts so far
	begun   int   // how many those are; they are numbered from 1
	running int   // the attempt that began last and did not end, 0 for none
}

// current reports whether the outcome is about what is asked for now.
func (r *receipt) current() bool { return r.about == r.id }
func (r *receipt) ended() bool   { return r.current() && r.status.Terminal() }

// told is the status that whoever asks is told.
func (r *receipt) told() outcome.Status {
	switch {
	case r.id == 0:
		return ""
	case !r.current():
		return outcome.Queued
	}
	return r.status
}

// left reports whether all who asked have withdrawn it, besides a batch.
func (r *receipt) left(m *model, besides int) bool {
	if r.single || r.withdrawn {
		return r.withdrawn
	}
	asks := false
	for batch, row := range r.rows {
		if row > 0 && batch != besides && !m.batches[batch].cancelled {
			return false
		}
		asks = asks || row > 0
	}
	return asks
}

func (r *receipt) begin(m *model, s step) string {
	switch {
	case r.id > 0 && r.ended():
		return "already " + string(r.status)
	case r.live && (r.current() || !r.idle):
		return "busy"
	case r.id == 0: // its producer did not record it
		r.renew(s, nobody, 0)
	}
	if !r.current() {
		r.attempts, r.reason, r.number, r.dead = 0, "", "", false
		r.about = r.id
		if r.idle { // it made no DELETE, and is not heard any more
			r.running, r.idle = 0, false
		}
	}
	if r.running != 0 { // that one never said how it ended
		if r.idle {
			r.attempts--
		}
		r.uncertain = r.uncertain || !r.idle
	}
	r.idle = r.left(m, nobody)
	failed := r.attempts > 0
	switch r.reason {
	case outcome.ReasonPGFailure, outcome.ReasonUnreachable, outcome.ReasonAttemptsExhausted, outcome.ReasonUnconfirmed,
		outcome.ReasonStatedNotRevoked:
		failed = true
	}
	r.of = append(r.of, r.id)
	r.begun++
	r.running, r.live, r.due, r.status = r.begun, true, "lease", outcome.Retrying
	r.attempts++
	return fmt.Sprintf("begun %d of %q tier %q again %t uncertain %t failed %t withdrawn %t",
		r.attempts, r.applyNum, r.tier, r.again, r.uncertain, failed, r.left(m, nobody))
}

func (r *receipt) finish(m *model, s step) string {
	attempt := r.begun - s.by
	heard := r.running != 0 && attempt == r.running
	wanted := s.answer.Reason == outcome.ReasonWithdrawn && !r.left(m, nobody) // again
	if r.of[attempt-1] != r.id || r.status == outcome.Revoked || !heard && s.answer.Status != outcome.Revoked || wanted {
		return "written false"
	}
	r.running, r.live = 0, false
	r.status, r.number = s.answer.Status, s.answer.ApplyNum
	if r.status.Terminal() || s.answer.Reason != "" {
		r.reason = s.answer.Reason
	}
	if s.uncounted && r.attempts > 0 {
		r.attempts--
	}
	r.uncertain = s.uncertain && (r.status != outcome.Revoked || r.reason == outcome.ReasonAlreadyRevoked)
	switch {
	case r.status.Terminal():
		r.end(m)
	case r.withdrawn:
		r.due = "at once" // a lookup ends it
	default:
		r.due = "next"
	}
	return "written true"
}

// end lets all know of an end.
func (r *receipt) end(m *model) {
	r.due, r.dead = "", r.status == outcome.Dead
	r.stream += fmt.Sprintf("%s/%s/%d ", r.status, r.reason, r.attempts)
	m.count(r)
}

// notDead says what it is instead of a dead letter, and nothing if it is one.
func (r *receipt) notDead() string {
	switch {
	case r.about == 0:
		return "not dead but "
	case !r.current():
		return "not dead but queued"
	case r.status != outcome.Dead:
		return "not dead but " + string(r.status)
	}
	return ""
}

func (r *receipt) revive(m *model) string {
	switch text := r.notDead(); {
	case text != "":
		return text
	case r.reason == outcome.ReasonReissued:
		return string(r.reason)
	case r.left(m, nobody):
		return "withdrawn"
	}
	r.status, r.attempts, r.dead, r.due = outcome.Retrying, 0, false, "now"
	r.uncertain = r.uncertain || r.reason == outcome.ReasonUnconfirmed
	m.count(r)
	return "revived"
}

// settle ends it by what a person found out. Its place on the list stays.
func (r *receipt) settle(m *model, revoked bool) string {
	status, reason := outcome.Dead, outcome.ReasonStatedNotRevoked
	if revoked {
		status, reason = outcome.Revoked, outcome.ReasonStatedRevoked
	}
	switch {
	case r.current() && r.status == status && r.reason == reason:
		return "settled"
	case r.notDead() != "":
		return r.notDead()
	case r.reason == outcome.ReasonWithdrawn, r.reason == outcome.ReasonReissued && !revoked:
		return string(r.reason)
	}
	r.uncertain = !revoked && (r.uncertain || r.reason == outcome.ReasonUnconfirmed)
	r.status, r.reason = status, reason
	listed := r.dead
	r.end(m)
	r.dead = r.dead && listed
	return "settled"
}

// cancel withdraws what all ask for, or what one batch does that is cancelled.
func (r *receipt) cancel(m *model, batch int, dry bool) string {
	switch {
	case r.id == 0:
		return "unknown"
	case r.ended():
		if batch == nobody && !dry && r.status == outcome.Dead {
			r.withdrawn, r.single = true, false
		}
		return string(r.status)
	case batch != nobody && r.rows[batch] == 0:
		return "foreign"
	case batch != nobody && !r.left(m, batch):
		return "wanted"
	}
	called := r.about == r.id
	if !dry {
		r.withdrawn, r.single, r.due = true, false, "at once"
	}
	switch {
	case !called:
		return "withdrawn"
	case r.live:
		return "running"
	case r.attempts == 0 && (r.reason == "" || r.reason == outcome.ReasonWithdrawn) && !r.uncertain && r.running == 0:
		return "withdrawn" // no attempt has called: its task was only moved, or it is retried
	}
	return "called"
}

// seen is what Redis is to show of it.
func (r *receipt) seen(m *model) seen {
	s := seen{
		Status: r.told(), Withdrawn: r.told() != outcome.Revoked && r.left(m, nobody), Uncertain: r.uncertain,
		Leased: r.running != 0, Live: r.live, Idle: r.running != 0 && r.idle, Open: r.due, Dead: r.dead, Stream: r.stream,
	}
	if r.current() {
		s.Reason, s.Attempts = r.reason, r.attempts
	}
	if r.status.Terminal() {
		s.Expires = "outcome"
	}
	if r.id > 0 && r.ended() {
		s.Expires += " request"
	}
	return s
}
