package outcome_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// An outcome is about a request: what is asked for anew is queued, whatever became of
// what was asked for before.
func TestManyTellsHowFarEachRequestHasCome(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		ask := func(r tasks.Revocation) {
			t.Helper()
			if _, err := s.Ask(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		for impUID, o := range map[string]outcome.Outcome{"imp_2": revoked, "imp_4": retrying, "imp_6": dead} {
			ask(tasks.Revocation{ImpUID: impUID})
			attempt, err := s.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, lease)
			if err != nil {
				t.Fatal(err)
			}
			finish(t, s, attempt, o)
		}
		ask(tasks.Revocation{ImpUID: "imp_5", PG: tasks.KCP})
		ask(tasks.Revocation{ImpUID: "imp_6", PG: tasks.Nice, Again: true})
		for _, test := range []struct {
			impUIDs []string
			want    []string
		}{
			{nil, nil},
			{[]string{"imp_1"}, []string{"imp_1   0"}},
			{
				[]string{"imp_4", "imp_1", "", "imp_2", "imp 2", "imp_4", "imp_6", "imp_5"},
				[]string{
					"imp_4 retrying  1", "imp_1   0", "   0", "imp_2 revoked  1", "imp 2   0", "imp_4 retrying  1",
					"imp_6 queued nice 0", "imp_5 queued kcp 0",
				},
			},
		} {
			outcomes, err := s.Many(t.Context(), test.impUIDs)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range outcomes {
				got = append(got, o.ImpUID+" "+string(o.Status)+" "+string(o.PG)+" "+string(rune('0'+o.Attempts)))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Many(%q) (-want +got):\n%s", test.impUIDs, diff)
			}
		}
	})
}
