package main

import (
	"testing"
	"time"
)

func TestTimesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	seoul := time.FixedZone("KST", 9*60*60)
	now := time.Date(2026, 11, 26, 8, 30, 0, 0, seoul)
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(2026, 11, day, hour, minute, second, 0, seoul)
	}
	for text, want := range map[string]time.Time{
		"":                          {},
		"now":                       now,
		"2026-11-23T09:00:00+09:00": at(23, 9, 0, 0),
		"2026-11-23T00:00:00Z":      at(23, 9, 0, 0),
		"2026-11-23":                at(23, 0, 0, 0),
		"2026-11-23 09:00":          at(23, 9, 0, 0),
		"2026-11-23 09:00:05":       at(23, 9, 0, 5),
		"2026-11-23T09:00":          at(23, 9, 0, 0),
		"2026-11-23T09:00:05":       at(23, 9, 0, 5),
		"24h":                       at(25, 8, 30, 0),
		"90m":                       at(26, 7, 0, 0),
		"2d":                        at(24, 8, 30, 0),
		"1d12h":                     at(24, 20, 30, 0),
		"0d1h":                      at(26, 7, 30, 0),
	} {
		got, err := parseTime("--since", text, now)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"yesterday", "d", "-1d", "1d-1h", "-1h", "0h", "2D", "1w", "36501d", "99999999999999999999d", "1h2d",
		"2026-11-31", "2026-11-23 9", "2026-11-23 09:00 KST", "1764150000000-0",
	} {
		if got, err := parseTime("--since", text, now); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
