package outcome_test

import (
	"fmt"
	"strings"

	"receiptrevoker/tasks/outcome"
)

// A change is what a step did to one imp_uid: what Redis held before and after it.
type change struct {
	do            action // empty if the step was about another imp_uid
	answer        outcome.Status
	reply         string
	lost          bool
	begun         int  // how many attempts began so far
	older         bool // a newer attempt, or a revival, came after the one that speaks
	earlier       bool // an earlier request is what the attempt that speaks is about
	before, after seen
}

// became reports whether it has got a status.
func (c change) became(status outcome.Status) bool {
	return c.after.Status == status && c.before.Status != status
}

// restated reports whether a dead letter was settled and stays one.
func (c change) restated() bool {
	return c.do == doSettle && c.after.Status == outcome.Dead && c.after.Reason != c.before.Reason
}

// laws hold for every change, whatever the model says.
var laws = []struct {
	name  string
	holds func(c change) bool
}{
	{"another imp_uid changes only with its batch", func(c change) bool {
		return c.do != "" || c.after == c.before
	}},
	{"once revoked, always revoked, until another receipt is asked for", func(c change) bool {
		return c.before.Status != outcome.Revoked || c.after == c.before || c.do == doAsk && c.became(outcome.Queued)
	}},
	{"only what has ended, was withdrawn or was never asked for is asked for anew", func(c change) bool {
		return !c.became(outcome.Queued) || c.do == doAsk && (c.before.Status == "" || c.before.over())
	}},
	{"what is withdrawn and not being called is new once it is asked for, without attempts", func(c change) bool {
		asked := c.do == doAsk && c.before.Withdrawn && !c.after.Withdrawn
		calling := c.before.Live && !c.before.Idle && c.before.Status == outcome.Retrying
		return !asked || calling || c.after.Status == outcome.Queued && c.after.Attempts == 0
	}},
	{"whoever becomes terminal is written to the stream, once, and nobody else", func(c change) bool {
		added, kept := strings.CutPrefix(c.after.Stream, c.before.Stream)
		if c.after.ended() && (c.after.Status != c.before.Status || c.restated()) {
			return kept && strings.Count(added, " ") == 1
		}
		return kept && added == ""
	}},
	{"the stream ends with the outcome", func(c change) bool {
		last := fmt.Sprintf("%s/%s/%d ", c.after.Status, c.after.Reason, c.after.Attempts)
		return !c.after.ended() || strings.HasSuffix(" "+c.after.Stream, " "+last)
	}},
	{"what may have worked unseen is known until an attempt says how it ended", func(c change) bool {
		return !c.before.Uncertain || c.after.Uncertain || c.do == doFinish && c.reply == "written true" || c.lost ||
			c.do == doSettle && c.became(outcome.Revoked)
	}},
	{"dead letters are dead until the next attempt, and on the list until they are discarded", func(c change) bool {
		still := c.after.Status == outcome.Dead || c.after.Status == outcome.Queued
		return (!c.after.Dead || still) && (!c.became(outcome.Dead) || c.after.Dead)
	}},
	{"open is what was asked for and has no end, and that alone lives on", func(c change) bool {
		open := c.after.Status == outcome.Queued || c.after.Status == outcome.Retrying
		return (c.after.Open != "") == open && strings.Contains(c.after.Expires, "request") == c.after.ended()
	}},
	{"no attempts below zero, nor more than were begun", func(c change) bool {
		return c.after.Attempts >= 0 && c.after.Attempts <= c.begun
	}},
	{"an older attempt changes nothing, unless it says revoked", func(c change) bool {
		return !c.older || c.after == c.before || c.answer == outcome.Revoked
	}},
	{"an attempt of an earlier request changes nothing, and may not call", func(c change) bool {
		return !c.earlier || c.do == doExtend && c.reply == "may call false" || c.after == c.before
	}},
	{"a live lease lets nobody else begin, unless its attempt makes no DELETE", func(c change) bool {
		idle := c.before.Idle && c.before.Status == outcome.Queued
		return !c.before.Live || idle || !strings.HasPrefix(c.reply, "begun")
	}},
	{"what may have called is uncertain to whoever begins next", func(c change) bool {
		lapsed := c.before.Leased && !c.before.Idle && strings.HasPrefix(c.reply, "begun")
		return !lapsed || strings.Contains(c.reply, "uncertain true")
	}},
	{"only an end, or a crash, ends a lease", func(c change) bool {
		return !c.before.Live || c.after.Live || c.do == doCrash || c.reply == "written true" || c.lost
	}},
	{"whoever begins is told that it is withdrawn, if it is", func(c change) bool {
		told := strings.HasSuffix(c.reply, "withdrawn true")
		return !strings.HasPrefix(c.reply, "begun") || told == c.before.Withdrawn
	}},
	{"what was never called ends as it is cancelled, and nothing else does", func(c change) bool {
		if c.do != doCancel && c.do != doCancelBatch || c.after.Status == c.before.Status {
			return true
		}
		return c.before.Status == outcome.Queued && c.became(outcome.Dead) && c.after.Reason == outcome.ReasonWithdrawn
	}},
	{"only a person says what is stated, and of a dead letter that nobody withdrew alone", func(c change) bool {
		if !c.after.Reason.Stated() || c.after.Reason == c.before.Reason {
			return true
		}
		return c.do == doSettle && c.before.Status == outcome.Dead && c.before.Reason != outcome.ReasonWithdrawn
	}},
	{"what was cancelled, or is reissued, is never revived", func(c change) bool {
		if c.before.Status != outcome.Dead || !c.became(outcome.Retrying) {
			return true
		}
		return c.before.Reason != outcome.ReasonReissued && !c.before.Withdrawn
	}},
	{"looking whether it could be cancelled changes nothing", func(c change) bool {
		return c.do != doCancel || c.reply != "dry" || c.after == c.before
	}},
}

// ledger counts what becomes of the requests for one imp_uid.
type ledger struct {
	accepted, revived, overturned, restated int
}

// enter counts a change. What is asked for in place of what was withdrawn ends for both.
func (l *ledger) enter(c change) {
	switch {
	case c.became(outcome.Queued) && (!c.before.Withdrawn || c.before.ended()), c.before.Status == "" && c.after.Status == outcome.Retrying:
		l.accepted++
	case c.before.Status == outcome.Dead && c.became(outcome.Retrying):
		l.revived++
	case c.before.Status == outcome.Dead && c.became(outcome.Revoked):
		l.overturned++
	case c.restated():
		l.restated++
	}
}

// balances reports whether, once all has ended, every accepted request ended once, and
// once more for each time that it was revived, was revoked although it was dead, or was
// settled as dead.
func (l *ledger) balances(s seen) bool {
	done := s.ended() || l.accepted == 0
	return done && strings.Count(s.Stream, " ") == l.accepted+l.revived+l.overturned+l.restated
}
