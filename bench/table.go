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

// row is one line of the table: a figure of each run.
type row struct {
	name   string
	target string // for people; empty if there is none
	format string // of one figure, with its unit
	values []float64
}

func (r *row) add(value float64) { r.values = append(r.values, value) }

// String returns the row in Markdown: the median of the runs, the smallest and
// the largest.
func (r row) String() string {
	sorted := slices.Sorted(slices.Values(r.values))
	show := func(value float64) string { return fmt.Sprintf(r.format, value) }
	return fmt.Sprintf("| %s | %s | %s | %s – %s | %d |",
		r.name, cmp.Or(r.target, "–"), show(median(sorted)), show(sorted[0]), show(sorted[len(sorted)-1]), len(sorted))
}

// table returns the whole report in Markdown.
func table(machine string, rows []row) string {
	var b strings.Builder
	b.WriteString("| measured | target | median | smallest – largest | runs |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		b.WriteString(r.String() + "\n")
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
