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

// figure is one line of the table: a value of each run, and from them the median and the extremes.
type figure struct {
	name   string
	target string // for people; empty if there is none
	format string // of one value, with its unit
	values []float64
	// limits are what was allowed in each run, where that depends on the run; nil if the target
	// says it.
	limits []float64
}

// figure returns the figure of a name. The first call for a name puts the figure into the table,
// and later ones find it: target and format count the first time alone.
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

// within adds the value of a run that is to keep to a limit of its own. A figure has either only
// such values or none.
func (f *figure) within(value, limit float64) {
	f.add(value)
	f.limits = append(f.limits, limit)
}

// String returns the figure as a row in Markdown: the median of the runs, the smallest and the
// largest, and how many runs there were.
func (f *figure) String() string {
	sorted := slices.Sorted(slices.Values(f.values))
	show := func(value float64) string { return fmt.Sprintf(f.format, value) }
	return fmt.Sprintf("| %s%s | %s | %s | %s – %s | %d |", f.name, f.kept(), cmp.Or(f.target, "–"),
		show(median(sorted)), show(sorted[0]), show(sorted[len(sorted)-1]), len(sorted))
}

// kept says how many of the runs kept to their limits, and tells of the worst: the one that was
// furthest above its limit, or least below it.
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

// report returns the whole table in Markdown, as it stands in bench/README.md, with a last line
// about the machine.
func (t *table) report(machine string) string {
	var b strings.Builder
	b.WriteString("| measured | target | median | smallest – largest | runs |\n|---|---|---|---|---|\n")
	for _, f := range t.figures {
		b.WriteString(f.String() + "\n")
	}
	b.WriteString("\n" + machine + "\n")
	return b.String()
}

// machine says on what was measured. GOMAXPROCS is how many cores Go may use, which in a container
// may be fewer than the machine has.
func machine(redisVersion string, now time.Time) string {
	return fmt.Sprintf("Measured on %s on %d cores (%s/%s), %s, redis-server %s on the same machine.",
		now.Format(time.DateOnly), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version(), redisVersion)
}

// median returns the middle of sorted, or the mean of the two in the middle. sorted has at least
// one value.
func median(sorted []float64) float64 {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// quantile returns the smallest value of sorted that the share q of them does not exceed: of 200
// values, the 100th for 0.5, the 190th for 0.95 and the last for 1.
func quantile(sorted []float64, q float64) float64 {
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
