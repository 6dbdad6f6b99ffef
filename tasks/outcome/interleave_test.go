package outcome_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/tasks/outcome"
)

// TestMain sets rapid's flags, which those of the command line override. A failure says
// with which -rapid.seed it comes again; a file that holds it would go stale with the
// generator.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"rapid.checks": fmt.Sprint(sequences), "rapid.steps": "50", "rapid.nofailfile": "true",
	} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	m.Run()
}

// sequences is how many rapid checks at a time, each of 50 steps on average.
const sequences = 50

// Whatever producers, several workers, their crashes, late answers, lost replies and
// an operator do to an imp_uid, Redis holds what the model says, and all that is asked
// for comes to an end.
func TestEveryInterleavingKeepsTheModel(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		rounds := scale.Of(1, 4)
		if strings.HasSuffix(t.Name(), "miniredis") { // whose Lua is slow
			rounds = 1
		}
		w := newWorld(client)
		for range rounds {
			rapid.Check(t, func(r *rapid.T) { w.interleave(r) })
		}
	})
}

// interleave makes steps that rapid chooses on an empty Redis, lets all that is open
// come to its end, and fails where that left the model or broke a law.
func (w *world) interleave(r *rapid.T) {
	err := w.clear(r.Context())
	r.Repeat(map[string]func(*rapid.T){"": func(r *rapid.T) {
		if err != nil {
			r.Fatal(err)
		}
	}, "step": func(r *rapid.T) {
		s := rapid.Custom(drawStep).Draw(r, "step")
		if s.by < len(w.attempts[s.on]) || s.do != doFinish && s.do != doExtend { // or nobody is there to say it
			err = w.step(r.Context(), s)
		}
	}})
	if err := w.drain(r.Context()); err != nil {
		r.Fatal(err)
	}
}

// What rapid draws from: what comes early is drawn more often, and what a failure shrinks to.
var (
	actions = []action{
		doAsk, doBegin, doFinish, doCancel, doAsk, doBegin, doFinish, doCrash, doAsk, doBegin, doFinish, doRevive,
		doSettle, doCancelBatch, doExtend, doComplete, doAsk, doBegin, doFinish, doCancel, doDiscard, doCrash,
		doAsk, doBegin, doFinish, doCancel, doRevive, doSettle, doCancelBatch, doExtend,
	}
	// answers are what attempts say.
	answers = []outcome.Outcome{
		retrying, dead, revoked,
		{Status: outcome.Retrying, Reason: outcome.ReasonUnreachable, NextAttemptAt: retrying.NextAttemptAt},
		{Status: outcome.Retrying, NextAttemptAt: retrying.NextAttemptAt},
		{Status: outcome.Dead, Reason: outcome.ReasonUnconfirmed},
		{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn},
		{Status: outcome.Dead, Reason: outcome.ReasonReissued},
		{Status: outcome.Revoked, Reason: outcome.ReasonAlreadyRevoked, Receipt: outcome.Receipt{ApplyNum: "07"}},
		retrying, dead,
	}
	// applyNums are the receipts that are asked for by number, empty for any.
	applyNums = []string{"", "7", "", "007", "N2"}
	// tiers are the sub-merchants that are named, empty for none.
	tiers = []string{"", "AAA", "", "BBB"}
)

// impUIDs is how many imp_uids a sequence has, so that they could mix.
const impUIDs = 2

// drawStep draws a step with what its action needs.
func drawStep(r *rapid.T) step {
	one := func(of int, label string) bool { // likelier not, and that is what it shrinks to
		return rapid.IntRange(1, of).Draw(r, label) == of
	}
	s := step{
		do: rapid.SampledFrom(actions).Draw(r, "do"), on: rapid.IntRange(0, impUIDs-1).Draw(r, "on"), lost: one(4, "lost"),
	}
	switch s.do {
	case doAsk, doBegin:
		s.as = rapid.IntRange(0, len(batchNames)).Draw(r, "as")
		s.applyNum, s.tier = rapid.SampledFrom(applyNums).Draw(r, "applyNum"), rapid.SampledFrom(tiers).Draw(r, "tier")
		s.again = one(4, "again")
	case doFinish:
		s.answer = rapid.SampledFrom(answers).Draw(r, "answer")
		s.uncounted, s.uncertain = one(3, "uncounted"), one(3, "uncertain")
	case doCancelBatch, doComplete:
		s.as = rapid.IntRange(1, len(batchNames)).Draw(r, "as")
	case doSettle:
		s.revoked = one(2, "revoked")
	}
	switch s.do {
	case doAsk, doFinish, doExtend:
		if one(3, "earlier") {
			s.by = rapid.IntRange(1, 3).Draw(r, "by")
		}
	case doCancel, doCancelBatch:
		s.dry = one(4, "dry")
	}
	return s
}
