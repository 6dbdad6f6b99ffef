package outcome_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// wantOverdue wants that these should have gone on so long ago; one that is withdrawn
// bears a minus, and one that is asked for anew a plus.
func wantOverdue(t *testing.T, s *outcome.Store, ago time.Duration, want ...string) {
	t.Helper()
	open, ended, err := s.Overdue(t.Context(), ago, 10)
	var got []string
	for _, o := range open {
		text := o.ImpUID
		if o.Withdrawn {
			text = "-" + text
		}
		if o.Anew {
			text = "+" + text
		}
		got = append(got, text)
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil || len(ended) != 0 {
		t.Errorf("overdue for %v: %v, ended %q (-want +got):\n%s", ago, err, ended, diff)
	}
}

func TestManyArePostponedAndNoneBroughtForward(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		for _, impUID := range []string{"imp_1", "imp_2", "imp_3"} {
			if _, err := s.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Postpone(t.Context(), []string{"imp_3"}, time.Hour); err != nil {
			t.Fatal(err)
		}
		if err := s.Postpone(t.Context(), []string{"imp_2", "imp_3", "imp_4"}, time.Minute); err != nil {
			t.Fatal(err)
		}
		wantOverdue(t, s, -30*time.Second, "imp_1")
		wantOverdue(t, s, -30*time.Minute, "imp_1", "imp_2")
		wantOverdue(t, s, -61*time.Minute, "imp_1", "imp_2", "imp_3")
		end(t, s, "imp_1", dead)
		end(t, s, "imp_3", dead)
		wantOverdue(t, s, -2*time.Hour, "imp_2")
		for _, impUIDs := range [][]string{nil, {}} {
			if err := s.Postpone(t.Context(), impUIDs, time.Hour); err != nil {
				t.Error(err)
			}
		}
		wantOverdue(t, s, -30*time.Minute, "imp_2")
	})
}

// What is asked for is open from then on, with what its task needs, and those that the
// set names though nothing of them is open are told apart.
func TestOverdueTellsWhatIsOpen(t *testing.T) {
	t.Parallel()
	s, client, set := clocked(t)
	ctx := t.Context()
	first := tasks.Revocation{ImpUID: "imp_1", PG: tasks.Nice, ApplyNum: "7", Tier: "ABC"}
	if _, err := s.Ask(ctx, first); err != nil {
		t.Fatal(err)
	}
	set(noon.Add(10 * time.Second))
	if _, err := askRows(ctx, s, "a", 1, "imp_2", "imp_3"); err != nil {
		t.Fatal(err)
	}
	end(t, s, "imp_4", dead)
	if _, err := s.Ask(ctx, tasks.Revocation{ImpUID: "imp_4", Again: true}); err != nil {
		t.Fatal(err)
	}
	for impUID, o := range map[string]outcome.Outcome{"imp_3": retrying, "imp_5": dead} {
		end(t, s, impUID, o)
	}
	if _, err := s.Cancel(ctx, []string{"imp_3"}, false); err != nil {
		t.Fatal(err)
	}
	client.ZAdd(ctx, "{receipt}:open", redis.Z{Score: 1, Member: "imp_5"}, redis.Z{Score: 2, Member: "imp_6"})
	set(noon.Add(20 * time.Second))
	open, ended, err := s.Overdue(ctx, 15*time.Second, 10)
	withdrawn := outcome.Open{Revocation: tasks.Revocation{ImpUID: "imp_3", PG: tasks.KCP, Batch: "a"}, Withdrawn: true}
	two := []outcome.Open{withdrawn, {Revocation: first}}
	if diff := cmp.Diff(two, open); diff != "" || err != nil {
		t.Errorf("overdue for 15 s: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"imp_5", "imp_6"}, ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	wantOverdue(t, s, 10*time.Second, "-imp_3", "imp_1", "imp_2", "+imp_4")
	open, _, err = s.Overdue(ctx, 10*time.Second, 2)
	if diff := cmp.Diff(two, open); diff != "" || err != nil {
		t.Errorf("the first two: %v (-want +got):\n%s", err, diff)
	}
}
