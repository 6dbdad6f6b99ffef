package monitor_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks/outcome"
)

func TestEveryWordIsKnownAndUsed(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, found := range regexp.MustCompile(`\bt "([^"]+)"`).FindAllStringSubmatch(monitor.Templates, -1) {
		used[found[1]] = true
	}
	for _, found := range regexp.MustCompile(`\bcount "([^"]+)" "([^"]+)"`).FindAllStringSubmatch(monitor.Templates, -1) {
		used[found[1]], used[found[2]] = true, true
	}
	byGo := []string{
		"krw", "days", "hours", "minutes", "seconds", "person", "company", "no gateway", "reason ",
		"portone", "shut", "paused in asynq", "paused by", "by gate", "by portone", "by person",
		"withdrawn queued", "withdrawn retrying", "withdrawn dead", "withdrawn blind", "unseen due", "unseen blind",
	}
	for _, key := range byGo {
		used[key] = true
	}
	for _, field := range outcome.Fields() {
		used["field "+field] = true
	}
	for _, status := range []outcome.Status{outcome.Queued, outcome.Retrying, outcome.Revoked, outcome.Dead} {
		used["status "+string(status)] = true
	}
	for _, reason := range append(outcome.TerminalReasons(), outcome.RetryingReasons()...) {
		used["reason "+string(reason)] = true
	}
	for key := range used {
		if _, ok := monitor.Words()[key]; !ok {
			t.Errorf("no word for %q", key)
		}
	}
	for key, text := range monitor.Words() {
		english, korean := text[0], text[1]
		if !used[key] {
			t.Errorf("%q is used nowhere", key)
		}
		if english == "" || korean == "" || strings.Count(english, "%") != strings.Count(korean, "%") {
			t.Errorf("%q says different things: %q", key, text)
		}
	}
}

func TestSpansHaveTwoUnitsAtMost(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration][2]string{
		0:                                    {"0 s", "0초"},
		900 * time.Millisecond:               {"0 s", "0초"},
		59 * time.Second:                     {"59 s", "59초"},
		time.Minute:                          {"1 min", "1분"},
		90 * time.Second:                     {"1 min 30 s", "1분 30초"},
		time.Hour + 59*time.Second:           {"1 h", "1시간"},
		25*time.Hour + 90*time.Second:        {"1 d 1 h", "1일 1시간"},
		49 * time.Hour:                       {"2 d 1 h", "2일 1시간"},
		3*time.Hour + 5*time.Minute + 999999: {"3 h 5 min", "3시간 5분"},
	} {
		if got := monitor.Span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}
