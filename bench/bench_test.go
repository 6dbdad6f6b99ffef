package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/redisserver"
	"receiptrevoker/bench/redistest/scale"
)

// TestMain makes the test binary a child where a test has started it as one.
func TestMain(m *testing.M) {
	contender.Serve()
	os.Exit(m.Run())
}

// TestSmoke makes each measurement, on so few revocations that the figures mean
// nothing; that each was carried out once is checked by the program itself.
func TestSmoke(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		begin string
		rows  int
	}{
		"pickup": {"pickup", 3}, "idle": {"idle", 2}, "speed/0": {"speed", 13}, "speed/50": {"speed", 16},
		"fanout": {"fan-out", 13}, "million": {"million", 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if (name == "million" || name == "idle") && runtime.GOOS != "linux" {
				t.Skip("only Linux tells the CPU time and the peak memory of a process that runs")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			report := measure(ctx, t, name, settings{
				runs: 1, samples: 3, still: time.Second, small: 20, large: scale.Of(200, 400), lines: 500,
				huge: scale.Of(10_000, 40_000), ownOnly: true, log: io.Discard,
			})
			if got := strings.Count(report, "\n| "+want.begin); got != want.rows {
				t.Errorf("got %d rows of %s, want %d:\n%s", got, name, want.rows, report)
			}
		})
	}
}

// measure makes a measurement and returns the report.
func measure(ctx context.Context, t *testing.T, name string, s settings) string {
	t.Helper()
	chosen, err := choose(name)
	if err != nil {
		t.Fatal(err)
	}
	var report strings.Builder
	err = options{settings: s, chosen: chosen}.run(ctx, &report)
	skipWithoutRedis(t, err)
	if err != nil {
		t.Fatal(err)
	}
	return report.String()
}

// TestInterrupted checks that a measurement ends soon after its context, and
// says why.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	chosen, err := choose("pickup")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err = options{settings: settings{runs: 1, samples: 1_000, log: cancelling(cancel)}, chosen: chosen}.run(ctx, io.Discard)
	skipWithoutRedis(t, err)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want an error that matches %v", err, context.Canceled)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v to end, want less than 10s", took)
	}
}

// skipWithoutRedis skips the test if err says that no redis-server is
// installed, unless one is required.
func skipWithoutRedis(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, redisserver.ErrNotInstalled) && os.Getenv(redistest.RequireEnv) != "1" {
		t.Skip(err)
	}
}

// cancelling is a log that calls itself a second after it was written to.
type cancelling context.CancelFunc

func (c cancelling) Write(line []byte) (int, error) {
	time.AfterFunc(time.Second, c)
	return len(line), nil
}

func TestTable(t *testing.T) {
	t.Parallel()
	var filled table
	for _, value := range []float64{30, 10, 20} {
		filled.figure("odd", "≤ 2", "%.0f ms").add(value)
	}
	for _, value := range []float64{4, 1, 2, 3} {
		filled.figure("even", "", "%.1f %%").add(value)
	}
	for value, limit := range map[float64]float64{25: 30, 40: 25, 39: 40} {
		filled.figure("list", "", "%.0f s").within(value, limit)
	}
	got := filled.report("A machine.")
	want := `| measured | target | median | smallest – largest | runs |
|---|---|---|---|---|
| odd | ≤ 2 | 20 ms | 10 ms – 30 ms | 3 |
| even | – | 2.5 % | 1.0 % – 4.0 % | 4 |
| list: 2 of 3 within the target, worst 40 s where 25 s are allowed | – | 39 s | 25 s – 40 s | 3 |

A machine.
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	var sorted []float64
	for i := range 200 {
		sorted = append(sorted, float64(i+1))
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 100, 0.95: 190, 1: 200} {
		if got := quantile(sorted, q); got != want {
			t.Errorf("quantile(1…200, %v): got %v, want %v", q, got, want)
		}
	}
}

func TestParseRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for i, args := range [][]string{
		{"-runs", "0"},
		{"-samples", "0"},
		{"-n", "5", "-small", "5"},
		{"-small", "0"},
		{"-only", "every"},
		{"-only", "cpu,"},
		{"pickup"},
		{"-lines", "0"},
		{"-million", "0"},
		{"-all", "-only", "cpu"},
		{"-only", "mixed/81"},
		{"-seeds", "0"},
		{"-watch", "-1s"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			if s, err := parse(args, io.Discard); err == nil {
				t.Errorf("parse(%q): got %+v, want an error", args, s)
			}
		})
	}
}

func TestChosenMeasurements(t *testing.T) {
	t.Parallel()
	const (
		outage = " outage/revoker outage/killed outage/at-once outage/failing outage/bare-default outage/bare-doubling"
		growth = " growth/waiting growth/gateways growth/processes growth/distance growth/outcomes"
		mixed  = " mixed/0 mixed/30 mixed/50 mixed/80 mixed/95 mixed/sorted mixed/calls mixed/single mixed/hand " +
			"mixed/restart mixed/brownout mixed/hopeless"
	)
	for args, want := range map[string]string{
		"":                          "pickup idle fanout speed/0 speed/50 speed/200" + outage,
		"-all":                      "pickup idle fanout speed/0 speed/50 speed/200" + outage + growth + " million" + mixed,
		"-only million":             "million",
		"-only outage":              outage[1:],
		"-only mixed/80,pickup":     "mixed/80 pickup",
		"-only outage/killed,speed": "outage/killed speed/0 speed/50 speed/200",
	} {
		o, err := parse(strings.Fields(args), io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range o.chosen {
			got = append(got, m.name)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q: got %q, want %q", args, got, want)
		}
	}
}
