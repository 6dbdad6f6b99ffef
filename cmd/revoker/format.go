package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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

// listed returns names with commas between them.
func listed[S ~string](names []S) string {
	var text strings.Builder
	for i, name := range names {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(string(name))
	}
	return text.String()
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

// timesHelp is what the help texts say about times.
const timesHelp = `A time is RFC 3339, a date, a date with a time of day such as
"2026-11-23 09:00", or how long ago, such as 2d or 90m. Without an offset it is
in the local zone, which TZ sets; a date means its beginning.`

// timeLayouts are how people write a time, those without a zone in the local one.
var timeLayouts = []string{
	time.RFC3339, time.DateOnly,
	"2006-01-02 15:04", time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05",
}

// parseTime reads a time as people write it, where no zone is written in that of now;
// nothing is the zero time.
func parseTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if ago, ok := parseAgo(text); ok {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("%s %q is not a time; use 2026-11-23T09:00:00+09:00, 2026-11-23, "+
		`"2026-11-23 09:00", or 2d, 24h or now for how long ago`, flag, text)
}

// longestAgo is the most days that are read, about a century.
const longestAgo = 36500

// parseAgo reads a duration of Go, which may begin with days, as "1d12h"; "now" is none.
func parseAgo(text string) (time.Duration, bool) {
	if text == "now" {
		return 0, true
	}
	days, rest, found := strings.Cut(text, "d")
	if !found {
		days, rest = "0", text
	}
	n, err := strconv.ParseUint(days, 10, 32)
	if err != nil || n > longestAgo {
		return 0, false
	}
	ago := time.Duration(n) * 24 * time.Hour
	if found && rest == "" {
		return ago, true
	}
	more, err := time.ParseDuration(rest)
	return ago + more, err == nil && more > 0
}
