package outcome_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

func TestStatuses(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		for impUID, o := range map[string]outcome.Outcome{"imp_2": revoked, "imp_4": retrying} {
			attempt, err := s.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, lease)
			if err != nil {
				t.Fatal(err)
			}
			finish(t, s, attempt, o)
		}
		for _, test := range []struct {
			impUIDs []string
			want    []outcome.Status
		}{
			{nil, nil},
			{[]string{"imp_1"}, []outcome.Status{""}},
			{
				[]string{"imp_4", "imp_1", "", "imp_2", "imp 2", "imp_4"},
				[]outcome.Status{outcome.Retrying, "", "", outcome.Revoked, "", outcome.Retrying},
			},
		} {
			got, err := s.Statuses(t.Context(), test.impUIDs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("Statuses(%q) (-want +got):\n%s", test.impUIDs, diff)
			}
		}
		if err := client.Set(t.Context(), "{receipt}:outcome:imp_3", "not a hash", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Statuses(t.Context(), []string{"imp_3"}); err == nil {
			t.Errorf("got %q where Redis reports an error, want that", got)
		}
	})
}
