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

// count returns how many there are of something: one follows the number 1, and many every other
// number. It serves words of which [plural] cannot form the plural, as in "1 line waits" and
// "2 lines wait".
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

// byFrequency returns the keys of counts, the most frequent first, and equally frequent ones in
// their own order: {"b": 1, "a": 1, "most": 3} becomes most, a, b. Go ranges over a map in random
// order, so without the second key two runs of a command would differ.
func byFrequency[K cmp.Ordered](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// percent shows a share of the whole with one decimal, and nothing where there is none: 97 of 5,000
// is "1.9 %", and 0 of 5,000 is "".
func percent(part, whole int) string {
	if whole == 0 || part == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// perSecond shows a rate in units a second: with one decimal below 10, where rounding to a whole
// number would change it by 5 % and more, and without from there on. 0.4 is "0.4", 34.7 is "35".
func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// roughly shows a duration by its two largest units: "3h05m", "4m10s", "7s". Below a minute it adds
// a second instead of rounding, so that what takes 0.2 s more is "1s left" and never "0s left".
func roughly(d time.Duration) string {
	if d < time.Minute {
		d = d.Truncate(time.Second) + time.Second
	}
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}

// moment shows a time in the local zone, which TZ sets, to the second and with the zone's name:
// "2026-11-23 09:00:00 KST". --json has times in UTC.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// minute shows a time to the minute in the local zone, as rows of a list do, and "-" for none. It
// does not name the zone: the caller does so with [zone], in a header or behind each time.
func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// zone returns the name of the local zone at a time. In zones with summer time it depends on the
// date.
func zone(now time.Time) string { return now.Local().Format("MST") }

// timesHelp is what the help texts say about times. It follows what [parseTime] reads: change both
// together.
const timesHelp = `A time is RFC 3339, a date, a date with a time of day such as
"2026-11-23 09:00", or how long ago, such as 2d or 90m. Without an offset it is
in the local zone, which TZ sets; a date means its beginning.`

// timeLayouts are the forms in which people write a time; those without a zone mean the local one.
// No text fits two of them, so their order does not matter.
var timeLayouts = []string{
	time.RFC3339, time.DateOnly,
	"2006-01-02 15:04", time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05",
}

// parseTime reads the value of a flag as people write a time, and returns the zero time for an empty
// one. A time without a zone is in that of now. With now at 2026-11-26 08:30 KST, "2d" is
// 2026-11-24 08:30 KST, and "2026-11-23" is 2026-11-23 00:00 KST.
//
// The error names the flag and shows the forms; the caller makes a usageError of it.
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

// longestAgo is the most days that are read, about a century. A time.Duration holds 292 years of
// nanoseconds: many more days would overflow it and become a time to come.
const longestAgo = 36500

// parseAgo reads how long ago something was: a duration of Go, which may begin with days, as in
// "1d12h", or "now" for 0. A negative duration is refused, since nothing has ended in the future,
// and so is "0h": [parseTime] then shows the forms, of which now is one.
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
	return ago + more, err == nil && more > 0 && more <= longestAgo*24*time.Hour
}
