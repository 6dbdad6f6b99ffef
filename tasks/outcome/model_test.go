package outcome_test

import (
	"fmt"
	"strings"

	"receiptrevoker/tasks/outcome"
)

// An action is what a step does.
type action string

const (
	doBegin   action = "begin"
	doFinish  action = "finish"
	doExtend  action = "extend"
	doCrash   action = "crash" // whoever runs is not heard of until its lease is over
	doRevive  action = "revive"
	doDiscard action = "discard"
	doJoin    action = "join" // a producer finds that it was asked for before
)

// A step is one thing that happens to one imp_uid. Any steps in any order are
// a valid sequence.
type step struct {
	do action
	on int // which imp_uid
	by int // which attempt, counted back from the last that began
	as int // for which batch a begin or a join is, from 1; 0 for none
	// What an attempt says at its end.
	answer               outcome.Outcome
	uncounted, uncertain bool
	// lost: the reply is lost and the call repeated.
	lost bool
}

func (s step) String() string {
	text := fmt.Sprintf("imp_%d: %s", s.on, s.do)
	if s.do == doBegin || s.do == doJoin {
		text += fmt.Sprintf(" for batch %d", s.as)
	}
	if s.do == doFinish || s.do == doExtend {
		text += fmt.Sprintf(" by last-%d", s.by)
	}
	if s.do == doFinish {
		text += fmt.Sprintf(" %s (%s)", s.answer.Status, s.answer.Reason)
		if s.uncounted {
			text += " uncounted"
		}
		if s.uncertain {
			text += " uncertain"
		}
	}
	if s.lost {
		text += ", reply lost and repeated"
	}
	return text
}

// seen is what Redis holds of one imp_uid, as far as it decides anything.
type seen struct {
	Status    outcome.Status
	Reason    outcome.Reason
	Attempts  int
	Uncertain bool
	// Leased tells that an attempt was begun and did not end, Live that its
	// lease is not over.
	Leased, Live bool
	// Open is when it is overdue: "lease", "next" or "revived", empty where it
	// is not open.
	Open string
	Dead bool
	// Stream is the entries, as status/reason/attempts.
	Stream string
}

// model is what the store promises of one imp_uid, without fences or clocks:
// only the attempt that runs is heard, unless it says revoked.
type model struct {
	seen
	membership
	begun   int // attempts so far; they are numbered from 1
	running int // the attempt that began last and did not end, 0 for none
}

// apply makes a step and returns the reply that the store owes.
func (m *model) apply(s step) string {
	reply := m.once(s)
	if s.lost && s.do != doBegin && s.do != doDiscard {
		return m.once(s) // changes nothing; what was done by the lost call stands there already
	}
	return reply
}

func (m *model) once(s step) string {
	attempt := m.begun - s.by
	switch s.do {
	case doBegin:
		return m.begin(s.as)
	case doFinish:
		return m.finish(attempt, s)
	case doExtend:
		m.Live = m.Live || m.running != 0 && attempt == m.running
	case doCrash:
		m.Live = false
	case doRevive:
		return m.revive()
	case doDiscard:
		was := m.Dead
		m.Dead = false
		return fmt.Sprint("discarded ", was)
	case doJoin:
		return m.join(s.as)
	}
	return ""
}

func (m *model) begin(as int) string {
	m.asks(as, m.Status != "", m.Status.Terminal(), !m.Status.Terminal() && !m.Live)
	switch {
	case m.Status.Terminal():
		return "already " + string(m.Status)
	case m.Live:
		return "busy"
	}
	m.Uncertain = m.Uncertain || m.running != 0 // that one never said how it ended
	m.begun++
	m.running = m.begun
	m.Status, m.Leased, m.Live, m.Open = outcome.Retrying, true, true, "lease"
	m.Attempts++
	return fmt.Sprintf("begun %d uncertain %t", m.Attempts, m.Uncertain)
}

func (m *model) finish(attempt int, s step) string {
	heard := m.running != 0 && attempt == m.running
	if m.Status == outcome.Revoked || !heard && s.answer.Status != outcome.Revoked {
		return "written false"
	}
	m.running, m.Leased, m.Live = 0, false, false
	m.Status, m.Reason = s.answer.Status, s.answer.Reason
	if s.uncounted && m.Attempts > 0 {
		m.Attempts--
	}
	m.Uncertain = s.uncertain && m.Status != outcome.Revoked
	m.Open, m.Dead = "next", m.Status == outcome.Dead
	if m.Status.Terminal() {
		m.Open = ""
		m.Stream += fmt.Sprintf("%s/%s/%d ", m.Status, m.Reason, m.Attempts)
	}
	return "written true"
}

func (m *model) revive() string {
	if m.Status != outcome.Dead {
		return "not dead but " + string(m.Status)
	}
	m.Status, m.Attempts, m.Dead, m.Open = outcome.Retrying, 0, false, "revived"
	m.Uncertain = m.Uncertain || m.Reason == outcome.ReasonUnconfirmed
	return "revived"
}

// A change is a step together with what Redis held before and after it.
type change struct {
	step
	reply         string
	begun         int  // how many attempts began so far
	older         bool // a newer attempt, or a revival, came after the one that speaks
	before, after seen
}

// laws hold for every change, whatever the model says. The stream of one
// imp_uid says each of its ends once.
var laws = []struct {
	name  string
	holds func(c change) bool
}{
	{"once revoked, always revoked", func(c change) bool {
		return c.before.Status != outcome.Revoked || c.after == c.before
	}},
	{"whoever becomes terminal is written to the stream, once, and nobody else", func(c change) bool {
		added, kept := strings.CutPrefix(c.after.Stream, c.before.Stream)
		if c.after.Status.Terminal() && c.after.Status != c.before.Status {
			return kept && strings.HasPrefix(added, string(c.after.Status)+"/") && strings.Count(added, " ") == 1
		}
		return kept && added == ""
	}},
	{"what may have worked unseen is not forgotten with the dead letter", func(c change) bool {
		return c.do != doRevive || c.reply != "revived" || !c.before.Uncertain || c.after.Uncertain
	}},
	{"dead letters are dead, and on the list until they are discarded", func(c change) bool {
		became := c.after.Status == outcome.Dead && c.before.Status != outcome.Dead
		return (!c.after.Dead || c.after.Status == outcome.Dead) && (!became || c.after.Dead)
	}},
	{"open is what was begun and has no end", func(c change) bool {
		return (c.after.Open != "") == (c.after.Status == outcome.Retrying)
	}},
	{"no attempts below zero, nor more than were begun", func(c change) bool {
		return c.after.Attempts >= 0 && c.after.Attempts <= c.begun
	}},
	{"an older attempt changes nothing, unless it says revoked", func(c change) bool {
		return !c.older || c.after == c.before || c.answer.Status == outcome.Revoked
	}},
	{"a live lease lets nobody else begin", func(c change) bool {
		return !c.before.Live || !strings.HasPrefix(c.reply, "begun")
	}},
	{"only an end, or a crash, ends a lease", func(c change) bool {
		return !c.before.Live || c.after.Live || c.do == doCrash || c.reply == "written true" || c.lost
	}},
}
