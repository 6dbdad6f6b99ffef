package revoke_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/pulse"
	"receiptrevoker/worker/revoke"
)

const impUID = "imp_448280090638"

// A process that was stopped for a minute may call only if nobody took over.
func TestStoppedAttemptAsksBeforeItCalls(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		store := outcome.NewStore(client, outcome.Config{})
		begin := func(lease time.Duration) *outcome.Attempt {
			a, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: impUID}, lease)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		leases := revoke.NewLeases(store, complaint.NewLog(slog.New(slog.DiscardHandler)), pulse.New())
		frozen := begin(time.Millisecond)
		leases.Hold(frozen, time.Now().Add(-time.Minute))
		if !leases.Valid(t.Context(), frozen) {
			t.Error("the attempt is not valid although no other has begun")
		}
		if err := client.HSet(t.Context(), "{receipt}:outcome:"+impUID, "leased_until", 1).Err(); err != nil {
			t.Fatal(err)
		}
		newer := begin(time.Minute)
		leases.Hold(frozen, time.Now().Add(-time.Minute))
		leases.Hold(newer, time.Now())
		if leases.Valid(t.Context(), frozen) {
			t.Error("the attempt is valid although another has begun")
		}
		// A lookup has told nothing since; and asking Redis would say no.
		newer.AskedSince = time.Now()
		if err := client.Del(t.Context(), "{receipt}:outcome:"+impUID).Err(); err != nil {
			t.Fatal(err)
		}
		if !leases.Valid(t.Context(), newer) {
			t.Error("the newer attempt is not valid")
		}
	})
}
