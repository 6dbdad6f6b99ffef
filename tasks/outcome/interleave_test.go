package outcome_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

var seedFlag = flag.Uint64("outcome.seed", 0, "repeat the sequence of this `seed` alone")

// Whatever producers, several workers, their crashes, late answers, lost replies and
// an operator do to an imp_uid, Redis holds what the model says, and all that is asked
// for comes to an end.
func TestEveryInterleavingKeepsTheModel(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		sequences := 200
		if strings.HasSuffix(t.Name(), "miniredis") { // whose Lua is slow
			sequences = 50
		}
		first := rand.Uint64()
		if *seedFlag != 0 {
			first, sequences = *seedFlag, 1
		}
		w := newWorld(client)
		for seed := first; seed != first+uint64(sequences); seed++ {
			steps := newSteps(seed)
			if err := w.run(t.Context(), steps); err != nil {
				steps, err = w.shrink(t.Context(), steps, err)
				t.Fatalf("%v\nsteps:\n%s\nrepeat with -run %s -args -outcome.seed=%d",
					err, list(steps), t.Name(), seed)
			}
		}
	})
}

// answers are what attempts say at random, the more often the likelier.
var answers = []outcome.Outcome{
	revoked,
	{Status: outcome.Revoked, Reason: outcome.ReasonAlreadyRevoked, Receipt: outcome.Receipt{ApplyNum: "N1"}},
	dead, dead,
	{Status: outcome.Dead, Reason: outcome.ReasonUnconfirmed},
	retrying, retrying, retrying, retrying,
	{Status: outcome.Retrying, Reason: outcome.ReasonUnreachable, NextAttemptAt: retrying.NextAttemptAt},
}

var actions = slices.Concat(
	slices.Repeat([]action{doAsk}, 8), slices.Repeat([]action{doBegin}, 8), slices.Repeat([]action{doFinish}, 8),
	slices.Repeat([]action{doCancel}, 4), slices.Repeat([]action{doCrash}, 3),
	slices.Repeat([]action{doRevive, doExtend, doCancelBatch, doSettle}, 2), []action{doDiscard, doComplete},
)

// applyNums are the receipts that are asked for by number, empty for any.
var applyNums = []string{"", "", "", "N1", "N2"}

// tiers are the sub-merchants that are named, empty for none.
var tiers = []string{"", "", "", "AAA", "BBB"}

// impUIDs is how many imp_uids a sequence has, so that they could mix.
const impUIDs = 2

func newSteps(seed uint64) []step {
	random := rand.New(rand.NewPCG(seed, 0))
	one := func(n int) bool { return random.IntN(n) == 0 }
	steps := make([]step, 50)
	for i := range steps {
		s := step{
			do: actions[random.IntN(len(actions))], on: random.IntN(impUIDs),
			answer: answers[random.IntN(len(answers))], uncounted: one(3), uncertain: one(3), lost: one(5),
			as: random.IntN(len(batchNames) + 1), applyNum: applyNums[random.IntN(len(applyNums))],
			tier: tiers[random.IntN(len(tiers))], again: one(4), dry: one(4), revoked: one(2),
		}
		if one(3) {
			s.by = 1 + random.IntN(3)
		}
		if s.do == doCancelBatch || s.do == doComplete {
			s.as = 1 + random.IntN(len(batchNames))
		}
		steps[i] = s
	}
	return steps
}

func list(steps []step) string {
	var b strings.Builder
	for i, s := range steps {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, s)
	}
	return b.String()
}

// shrink returns fewer steps that still fail, and how.
func (w *world) shrink(ctx context.Context, steps []step, err error) ([]step, error) {
	for i := len(steps) - 1; i >= 0; i-- {
		fewer := slices.Delete(slices.Clone(steps), i, i+1)
		if failure := w.run(ctx, fewer); failure != nil {
			steps, err = fewer, failure
		}
	}
	return steps, err
}
