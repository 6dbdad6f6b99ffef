package main

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"
)

// table is what measurements found: figures in the order in which each had its first value.
type table struct{ figures []*figure }

// figure is one line of the table: a value of each run.
type figure struct {
	name   string
	target string // for people; empty if there is none
	format string // of one value, with its unit
	values []float64
	limits []float64 // what was allowed in each run; nil if the target says it
}

// figure returns the figure of a name, which the table has then.
func (t *table) figure(name, target, format string) *figure {
	for _, f := range t.figures {
		if f.name == name {
			return f
		}
	}
	f := &figure{name: name, target: target, format: format}
	t.figures = append(t.figures, f)
	return f
}

func (f *figure) add(value float64) { f.values = append(f.values, value) }

// within adds the value of a run that is to keep to a limit of its own.
func (f *figure) within(value, limit float64) {
	f.add(value)
	f.limits = append(f.limits, limit)
}

// String returns the figure in Markdown: the median of the runs, the smallest and
// the largest.
func (f *figure) String() string {
	sorted := slices.Sorted(slices.Values(f.values))
	show := func(value float64) string { return fmt.Sprintf(f.format, value) }
	return fmt.Sprintf("| %s%s | %s | %s | %s – %s | %d |", f.name, f.kept(), cmp.Or(f.target, "–"),
		show(median(sorted)), show(sorted[0]), show(sorted[len(sorted)-1]), len(sorted))
}

// kept says how many of the runs kept to their limits, and of the worst of them.
func (f *figure) kept() string {
	if f.limits == nil {
		return ""
	}
	kept, worst := 0, 0
	over := func(run int) float64 { return f.values[run] - f.limits[run] }
	for run := range f.values {
		if over(run) <= 0 {
			kept++
		}
		if over(run) > over(worst) {
			worst = run
		}
	}
	return fmt.Sprintf(": %d of %d within the target, worst "+f.format+" where "+f.format+" are allowed",
		kept, len(f.values), f.values[worst], f.limits[worst])
}

// report returns the whole table in Markdown.
func (t *table) report(machine string) string {
	var b strings.Builder
	b.WriteString("| measured | target | median | smallest – largest | runs |\n|---|---|---|---|---|\n")
	for _, f := range t.figures {
		b.WriteString(f.String() + "\n")
	}
	b.WriteString("\n" + machine + "\n")
	return b.String()
}

// machine says on what was measured.
func machine(redisVersion string, now time.Time) string {
	return fmt.Sprintf("Measured on %s on %d cores (%s/%s), %s, redis-server %s on the same machine.",
		now.Format(time.DateOnly), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version(), redisVersion)
}

// median returns the middle of sorted, or the mean of the two in the middle.
func median(sorted []float64) float64 {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// quantile returns the smallest value of sorted that the share q of them does
// not exceed.
func quantile(sorted []float64, q float64) float64 {
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
