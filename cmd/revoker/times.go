package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

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
