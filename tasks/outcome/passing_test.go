package outcome_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"receiptrevoker/tasks/outcome"
)

// Each field of an outcome either goes with the next attempt, unless that writes it anew, or stays: one that
// attempt_finish.lua does not name would show an earlier attempt's value beside a later one's.
func TestEveryFieldPassesOrStays(t *testing.T) {
	t.Parallel()
	stay := []string{"imp_uid", "pg", "batch", "status", "attempts", "first_attempt_at", "updated_at", "withdrawn"}
	script, err := os.ReadFile("attempt_finish.lua")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`(?s)local passing = \{(.*?)\}`).FindStringSubmatch(string(script))
	if list == nil {
		t.Fatal("found no list named passing in attempt_finish.lua")
	}
	var passing []string
	for name := range strings.SplitSeq(list[1], ",") {
		passing = append(passing, strings.Trim(strings.TrimSpace(name), "'"))
	}
	for _, name := range outcome.Fields() {
		if slices.Contains(passing, name) == slices.Contains(stay, name) {
			t.Errorf("the field %s is to be either in passing of attempt_finish.lua or among those that stay, in this test", name)
		}
	}
}
