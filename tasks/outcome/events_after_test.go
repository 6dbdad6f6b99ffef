package outcome_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

// Who goes on after an entry hears where that is gone, and is shown the rest.
func TestEventsAfterAnEntry(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after string
		want  []string
	}{
		"from the beginning": {"", []string{"5000000-0", "6000000-0"}},
		"there":              {"5000000-0", []string{"6000000-0"}},
		"the last":           {"6000000-0", nil},
		"trimmed":            {"4000000-0", []string{"0: missed", "5000000-0", "6000000-0"}},
		"lost with the last": {"6000001-0", []string{"5000000-0: missed", "6000000-0"}},
		"of another stream":  {"9000000-0", []string{"0: missed", "5000000-0", "6000000-0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				for _, id := range []string{"5000000-0", "6000000-0"} {
					add(t, client, id)
				}
				var got []string
				for event, err := range newStore(client).EventsAfter(t.Context(), test.after) {
					id := event.ID
					if errors.Is(err, outcome.ErrMissed) {
						id += ": missed"
					} else if err != nil {
						t.Fatal(err)
					}
					got = append(got, id)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// An error of Redis ends it.
func TestEventsAfterEndsWithAnErrorOfRedis(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	client.Set(t.Context(), "{receipt}:outcomes", "no stream", 0)
	errs := 0
	for _, err := range newStore(client).EventsAfter(t.Context(), "1-0") {
		if errs++; err == nil || errors.Is(err, outcome.ErrMissed) {
			t.Errorf("got %v", err)
		}
	}
	if errs != 1 {
		t.Errorf("got %d errors, want 1", errs)
	}
}
