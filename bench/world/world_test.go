package world_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"runtime/debug"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/redis/go-redis/v9"
	lua "github.com/yuin/gopher-lua"

	"receiptrevoker/bench/world"
)

var (
	first = flag.Uint64("world.seed", 1, "the first `seed` of TestSeeds")
	seeds = flag.Int("world.seeds", 1, "how many `seeds` TestSeeds runs")
	span  = flag.Duration("world.span", 10*time.Minute, "in which virtual `time` the faults of TestSeeds begin")
)

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // what fails is noticed by whoever asked for it
	debug.SetGCPercent(1000)  // half of the time would go into it
	lua.RegistrySize = 1024   // miniredis makes a Lua of its own for every script
	m.Run()
}

// silent is a log of go-redis that nobody reads.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// TestSeeds runs seeds, as many at a time as there are processors.
func TestSeeds(t *testing.T) {
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			if *seeds == 1 {
				cryptotest.SetGlobalRandom(t, seed) // which parallel tests may not do
			} else {
				t.Parallel()
			}
			s := world.Generate(seed, *span)
			began := time.Now()
			got := world.Run(t, s)
			t.Logf("seed %d: %v in %v, %d DELETEs, %d kills", seed, got.Virtual.Round(time.Second),
				time.Since(began).Round(time.Millisecond), got.Deletes, got.Kills)
			if len(got.Failures) > 0 {
				t.Errorf("%s%s\nRun it again: go test ./bench/world -run TestSeeds -world.seed=%d -world.seeds=1 -world.span=%v",
					s, strings.Join(got.Failures, "\n"), seed, *span)
			}
		})
	}
}

func TestOutageEndsWithEveryReceiptRevoked(t *testing.T) {
	s := world.Scenario{
		Seed: 1, Receipts: 20, Workers: 1, Span: 5 * time.Minute, Attempts: 30, MaxDelay: 5 * time.Minute, Poll: 5 * time.Second,
		Faults: []world.Fault{{Kind: world.Outage, From: 0, To: 10 * time.Minute, PG: "kcp"}},
	}
	if got := world.Run(t, s); len(got.Failures) > 0 {
		t.Errorf("%s%s", s, strings.Join(got.Failures, "\n"))
	}
}

func TestImpossibleScenarioIsRefusedByName(t *testing.T) {
	good := world.Scenario{Receipts: 1, Workers: 1, Span: time.Minute}
	for _, c := range []struct {
		fault world.Fault
		want  string
	}{
		{world.Fault{Kind: "flood"}, `unknown fault "flood"`},
		{world.Fault{Kind: "call:flood"}, `unknown fault "call:flood"`},
		{world.Fault{Kind: world.CutAfter, Rate: 1.5}, "cut-after: rate 1.5 is not within 0 and 1"},
		{world.Fault{Kind: world.CutBefore, Rate: math.NaN()}, "cut-before: rate NaN is not within 0 and 1"},
		{
			world.Fault{Kind: world.RedisDown, From: 2 * time.Minute, To: 3 * time.Minute},
			"redis-down: from 2m0s to 3m0s is outside of the run of 1m0s",
		},
		{world.Fault{Kind: world.Kill, After: -1}, "kill: -1 commands or a wait of 0s"},
		{world.Fault{Kind: world.Pause}, `pause: unknown gateway ""`},
		{world.Fault{Kind: world.Kill, Worker: 1}, "kill: there is no worker 1"},
		{world.Fault{Kind: world.Kill, From: time.Second}, "kill: from 1s to 0s is no window"},
		{world.Fault{Kind: world.Outage, PG: "bank"}, `outage: unknown gateway "bank"`},
	} {
		s := good
		s.Faults = []world.Fault{c.fault}
		if err := s.Validate(); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestShrinkKeepsWhatIsNeeded(t *testing.T) {
	s := world.Generate(3, time.Minute)
	s.Faults = append(s.Faults, world.Fault{Kind: world.RedisDown, To: time.Second})
	needed := s.Faults[len(s.Faults)-1]
	got := world.Shrink(s, func(s world.Scenario) bool {
		for _, f := range s.Faults {
			if f == needed {
				return true
			}
		}
		return false
	})
	if len(got.Faults) != 1 || got.Faults[0] != needed {
		t.Errorf("got %v, want %v alone", got.Faults, needed)
	}
}
