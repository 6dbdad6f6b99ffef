package revoke_test

import (
	"testing"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/revoke"
)

// What tells most about a gateway is probed with first.
func TestOrderOfProbes(t *testing.T) {
	t.Parallel()
	retrying := func(reason outcome.Reason) outcome.Outcome {
		return outcome.Outcome{Status: outcome.Retrying, Reason: reason}
	}
	var never outcome.Outcome
	last := -1
	for _, test := range []struct {
		name          string
		known         outcome.Outcome
		bulk, suspect bool
	}{
		{"a single one, never called", never, false, false},
		{"one of a list, never called", never, true, false},
		{"one that failed", retrying(outcome.ReasonPGFailure), false, false},
		{"one that failed before a success", retrying(outcome.ReasonPGFailure), true, true},
		{"one that PortOne turned away", retrying(outcome.ReasonUnauthorized), false, false},
	} {
		rank := revoke.Rank(test.known, test.bulk, test.suspect)
		if rank <= last {
			t.Errorf("%s: rank %d, want more than %d", test.name, rank, last)
		}
		last = rank
	}
}
