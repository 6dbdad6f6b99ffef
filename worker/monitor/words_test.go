package monitor_test

import (
	"regexp"
	"strings"
	"testing"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/monitor"
)

func TestEveryWordIsKnownAndUsed(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, found := range regexp.MustCompile(`\bt "([^"]+)"`).FindAllStringSubmatch(monitor.Templates, -1) {
		used[found[1]] = true
	}
	for _, key := range []string{"krw", "days", "hours", "minutes", "seconds", "person", "company", "no gateway", "reason "} {
		used[key] = true // by Go
	}
	for _, field := range outcome.Fields() {
		used["field "+field] = true
	}
	for _, status := range []outcome.Status{outcome.Queued, outcome.Retrying, outcome.Revoked, outcome.Dead} {
		used["status "+string(status)] = true
	}
	reasons := append(outcome.DeadReasons(), outcome.ReasonRevoked, outcome.ReasonAlreadyRevoked, outcome.ReasonPGFailure,
		outcome.ReasonUnreachable, outcome.ReasonUnauthorized, outcome.ReasonRateLimited, outcome.ReasonGatewayPaused)
	for _, reason := range reasons {
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
