package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// plural returns a count with its noun, such as "1 line" and "2 lines".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// count returns how many there are of something: one is what follows 1, and many every
// other number.
func count(n int, one, many string) string { return fmt.Sprintf("%d %s", n, either(n, one, many)) }

// either returns one where there is one of something, and else many.
func either(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// byFrequency returns what is counted, the most frequent first, and what is
// equally frequent in its own order.
func byFrequency[K cmp.Ordered](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// percent shows a share of the whole, and nothing where there is none.
func percent(part, whole int) string {
	if whole == 0 || part == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// perSecond shows a rate, with one decimal where it is low.
func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// roughly shows a duration as closely as anybody wants to know it.
func roughly(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds())+1)
}

// moment shows a time in the local zone, to the second and with the zone's name.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// minute shows a time as lists do, in the local zone; their header names the zone.
func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// zone returns the name of the local zone.
func zone(now time.Time) string { return now.Local().Format("MST") }
