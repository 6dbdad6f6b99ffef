package world_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/redis/go-redis/v9"
	lua "github.com/yuin/gopher-lua"

	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/bench/world"
)

var (
	first  = flag.Uint64("world.seed", 1, "the first `seed` of TestSeeds")
	seeds  = flag.Uint64("world.seeds", 2, "how many `seeds` TestSeeds runs; 0 for as many as begin in -world.for")
	during = flag.Duration("world.for", 0, "how `long` TestSeeds begins with further seeds where -world.seeds is 0")
	span   = flag.Duration("world.span", scale.Of(time.Minute, 2*time.Minute), "in which virtual `time` the faults of TestSeeds begin")
	size   = flag.Int("world.receipts", 0, "how many `receipts` a seed of TestSeeds asks for; 0 for as many as it says")
	shrink = flag.Bool("world.shrink", false, "find the faults that a seed does not need to fail")
	spared = flag.String("world.without", "", "leave out the faults with these `numbers`, such as 0,3, of a seed of TestSeeds")
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

const (
	// longestSpan is in which time faults may begin: it takes half an hour of real time.
	longestSpan = 7 * 24 * time.Hour
	// mostReceipts is how many receipts may be asked for: their histories take a gigabyte.
	mostReceipts = 10_000
)

// without returns the numbers of -world.without, or what is wrong with the flags.
func without() (numbers []int, err error) {
	switch {
	case *span < time.Second:
		return nil, fmt.Errorf("-world.span %v must be at least a second", *span)
	case *size < 0 || *size > mostReceipts:
		return nil, fmt.Errorf("-world.receipts %d must be from 0 to %d", *size, mostReceipts)
	case flag.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	case *span > longestSpan:
		return nil, fmt.Errorf("-world.span %v must be at most %v", *span, longestSpan)
	case *shrink && *spared != "":
		return nil, errors.New("-world.shrink and -world.without contradict each other")
	case *during < 0, *during == 0 && *seeds == 0:
		return nil, fmt.Errorf("-world.for %v must be above 0 where -world.seeds is 0", *during)
	case *during > 0 && *seeds > 0:
		return nil, fmt.Errorf("-world.for is for -world.seeds=0, and not for -world.seeds=%d", *seeds)
	case *spared == "":
		return nil, nil
	case *seeds != 1:
		return nil, errors.New("-world.without is for one seed: give -world.seeds=1")
	}
	for text := range strings.SplitSeq(*spared, ",") {
		number, err := strconv.Atoi(text)
		if faults := len(world.Generate(*first, *span).Faults); err != nil || number < 0 || number >= faults {
			return nil, fmt.Errorf("-world.without %q: want numbers from 0 to %d with commas between", *spared, faults-1)
		}
		if slices.Contains(numbers, number) {
			return nil, fmt.Errorf("-world.without %q names %d twice", *spared, number)
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// TestSeeds runs seeds, as many at a time as there are processors.
func TestSeeds(t *testing.T) {
	spared, err := without()
	if err != nil {
		t.Fatal(err)
	}
	var begun atomic.Uint64
	var all total
	began := time.Now()
	further := func() (seed uint64, ok bool) {
		n := begun.Add(1) - 1
		return *first + n, n < *seeds || *seeds == 0 && time.Since(began) < *during
	}
	if *seeds == 1 {
		cryptotest.SetGlobalRandom(t, *first) // which parallel tests may not do
		runSeed(t, *first, &all, spared...)
		return
	}
	t.Run("parallel", func(t *testing.T) {
		for lane := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(lane), func(t *testing.T) {
				t.Parallel()
				for seed, ok := further(); ok; seed, ok = further() {
					runSeed(t, seed, &all)
				}
			})
		}
	})
	t.Logf("%d seeds in %v: %.1f virtual hours, %.0f virtual seconds a second, %d DELETEs, %d faults, %d deaths of workers",
		all.seeds, time.Since(began).Round(time.Second), all.Virtual.Hours(), all.Virtual.Seconds()/time.Since(began).Seconds(),
		all.Deletes, all.Faults, all.Kills)
}

// total is what all runs came to together.
type total struct {
	mu sync.Mutex
	world.Result
	seeds int
}

func (a *total) add(r world.Result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seeds++
	a.Virtual += r.Virtual
	a.Deletes += r.Deletes
	a.Faults += r.Faults
	a.Kills += r.Kills
}

// runSeed runs a seed without the faults with some numbers.
func runSeed(t *testing.T, seed uint64, all *total, spared ...int) {
	s := world.Generate(seed, *span).Without(spared...)
	s.Receipts = cmp.Or(*size, s.Receipts)
	t.Logf("seed %d begins", seed)
	began := time.Now()
	got := world.Run(t, s)
	all.add(got)
	t.Logf("seed %d: %v in %v, %d DELETEs, %d faults, %d deaths", seed, got.Virtual.Round(time.Second),
		time.Since(began).Round(time.Millisecond), got.Deletes, got.Faults, got.Kills)
	if len(got.Failures) == 0 {
		return
	}
	t.Errorf("%s%s\nRun it again: %s", s, strings.Join(got.Failures, "\n"), s.Command())
	if *shrink {
		needless := world.Shrink(s, func(s world.Scenario) bool { return len(world.Run(t, s).Failures) > 0 })
		s = s.Without(append(slices.Clone(spared), needless...)...)
		t.Logf("it needs no more than this to fail: %s\nRun it again: %s", s, s.Command())
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
		{world.Fault{Kind: "call:500", PG: "bank"}, `call:500: unknown gateway "bank"`},
	} {
		s := good
		s.Faults = []world.Fault{c.fault}
		if err := s.Validate(); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// The command leaves out what the scenario has not, also if that is everything.
func TestCommandRunsTheScenarioAgain(t *testing.T) {
	s := world.Generate(7, time.Minute)
	var all []int
	for number := range s.Faults {
		all = append(all, number)
	}
	for want, s := range map[string]world.Scenario{
		"": s, " -world.without=0": s.Without(0), numbered(all): s.Without(all...), numbered(all[1:]): s.Without(all[1:]...),
	} {
		command := fmt.Sprintf("go test ./bench/world -run '^TestSeeds$' -timeout 0 -world.seed=7 -world.seeds=1 -world.span=1m0s "+
			"-world.receipts=%d", s.Receipts)
		if got := s.Command(); got != command+want {
			t.Errorf("got %s, want %s%s", got, command, want)
		}
	}
}

// numbered returns the flag that leaves faults out.
func numbered(faults []int) string {
	return " -world.without=" + strings.Trim(strings.ReplaceAll(fmt.Sprint(faults), " ", ","), "[]")
}

// A fault keeps its number where others are left out: a person who leaves out one more goes by what was printed.
func TestFaultsKeepTheirNumbers(t *testing.T) {
	s := world.Scenario{
		Faults: []world.Fault{{Kind: world.RedisDown}, {Kind: world.Outage, PG: "kcp"}, {Kind: world.RedisLoses}},
	}
	lines := strings.Split(strings.TrimSpace(s.Without(0).String()), "\n")[1:]
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "   1 ") || !strings.HasPrefix(lines[1], "   2 ") {
		t.Errorf("without the first: %q", lines)
	}
	if left := s.Without(0).Without(1); len(left.Faults) != 1 || left.Faults[0].Kind != world.RedisLoses {
		t.Errorf("without the first and the second: %v", left.Faults)
	}
}

func TestShrinkKeepsWhatIsNeeded(t *testing.T) {
	s := world.Generate(3, time.Minute)
	s.Faults = append(s.Faults, world.Fault{Kind: world.RedisDown, To: time.Second})
	needed := s.Faults[len(s.Faults)-1]
	runs := 0
	got := s.Without(world.Shrink(s, func(s world.Scenario) bool {
		runs++
		return slices.Contains(s.Faults, needed) && runs%2 == 0 // not every run fails
	})...)
	if len(got.Faults) != 1 || got.Faults[0] != needed {
		t.Errorf("got %v, want %v alone", got.Faults, needed)
	}
}
