package enqueue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

const bulkKCP = "receipts-bulk-kcp"

// pending returns how many tasks wait on a queue, 0 if there is none.
func pending(t *testing.T, client *redis.Client, queue string) int {
	t.Helper()
	n, err := client.LLen(t.Context(), "asynq:{"+queue+"}:pending").Result()
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// Whoever deletes a queue, or a Redis that forgets its last second, takes tasks
// away that nobody has begun with. The list given again asks for these alone.
func TestListGivenAgainAsksForWhatIsGone(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(1500)
		lines[9].ImpUID = lines[8].ImpUID
		other := lines[1400:1403] // asked for elsewhere, on the same queue
		for _, line := range other {
			r := tasks.Revocation{ImpUID: line.ImpUID, PG: line.PG, Batch: "other"}
			if _, err := enqueue.NewClient(client, enqueue.Config{}).Revoke(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		first, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		store := outcome.NewStore(client, outcome.Config{})
		for i, status := range []outcome.Status{outcome.Revoked, outcome.Dead, outcome.Retrying, outcome.Revoked} {
			r := tasks.Revocation{ImpUID: lines[i].ImpUID, PG: tasks.KCP, Batch: name, Row: i + 1}
			attempt, err := store.Begin(t.Context(), r, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Finish(t.Context(), attempt, outcome.Outcome{Status: status}); err != nil {
				t.Fatal(err)
			}
		}
		client.Del(t.Context(), "{receipt}:outcome:"+lines[3].ImpUID) // its life is over
		before := figures(t, client)
		again := func(want int) {
			t.Helper()
			got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
			if got != first || err != nil {
				t.Errorf("given again: %v, want the kinds as they were", err)
			}
			if diff := cmp.Diff(before, figures(t, client), untimed); diff != "" {
				t.Errorf("batch (-before +after):\n%s", diff)
			}
			if got := pending(t, client, bulkKCP); got != want {
				t.Errorf("%d tasks, want %d", got, want)
			}
		}
		again(1499) // nothing is gone
		inspector := asynq.NewInspectorFromRedisClient(client)
		if err := inspector.DeleteTask(bulkKCP, tasks.TaskID(lines[1234].ImpUID)); err != nil {
			t.Fatal(err)
		}
		again(1499)
		if err := inspector.DeleteQueue(bulkKCP, true); err != nil {
			t.Fatal(err)
		}
		again(1499 - 4) // all but those that were begun
	})
}

// An outcome that its batch never heard of, as it was written while there was
// none, is counted once the list is given again.
func TestListGivenAgainCountsWhatWasNotHeardOf(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(3)
		if _, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil {
			t.Fatal(err)
		}
		end(t, client, lines[1].ImpUID, outcome.Revoked) // for nobody's batch
		if b := figures(t, client); b.Revoked != 0 {
			t.Fatalf("got %+v, want that it was not heard of", b)
		}
		for range 2 {
			got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
			if want := strings.Repeat("q", 3); got != want || err != nil {
				t.Fatalf("got %s, %v; want %s", got, err, want)
			}
			if b := figures(t, client); b.Revoked != 1 || b.Queued != 3 || b.Open != 2 {
				t.Errorf("got %+v, want one of three revoked", b)
			}
		}
	})
}
