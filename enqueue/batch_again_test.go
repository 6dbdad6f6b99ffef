package enqueue_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
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
// away that nobody has begun with. The requests stay, and so does what the list
// given again says; a worker enqueues them again.
func TestListGivenAgainAsksNothingTwice(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(1100)
		lines[9].ImpUID = lines[8].ImpUID
		for _, line := range lines[1050:1053] { // asked for elsewhere, on another queue
			if _, err := enqueue.NewClient(client, enqueue.Config{}).Revoke(t.Context(), single(line)); err != nil {
				t.Fatal(err)
			}
		}
		first, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
		if err != nil || strings.Count(first, "q") != 1096 || first[1050:1053] != "eee" || first[9] != 'r' {
			t.Fatalf("%d lines, %v", len(first), err)
		}
		store := outcome.NewStore(client, outcome.Config{})
		for i, status := range []outcome.Status{outcome.Revoked, outcome.Dead, outcome.Retrying, outcome.Revoked} {
			attempt, err := store.Begin(t.Context(), single(lines[i]), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Finish(t.Context(), attempt, outcome.Outcome{Status: status}); err != nil {
				t.Fatal(err)
			}
		}
		// The life of an outcome ends, and that of its request with it.
		client.Del(t.Context(), "{receipt}:outcome:"+lines[3].ImpUID, "{receipt}:request:"+lines[3].ImpUID)
		before, asked := figures(t, client), requests(t, client, lines)
		again := func(tasks int) {
			t.Helper()
			got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
			if got != first || err != nil {
				t.Errorf("given again: %v, want the kinds as they were", err)
			}
			if diff := cmp.Diff(before, figures(t, client), untimed); diff != "" {
				t.Errorf("batch (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(asked, requests(t, client, lines)); diff != "" {
				t.Errorf("requests (-before +after):\n%s", diff)
			}
			if got := pending(t, client, bulkKCP); got != tasks {
				t.Errorf("%d tasks, want %d", got, tasks)
			}
			if got := len(overdue(t, client)); got != 1099-3 {
				t.Errorf("a worker finds %d, want all but the three that have ended", got)
			}
		}
		again(1096) // nothing is gone
		if err := asynq.NewInspectorFromRedisClient(client).DeleteQueue(bulkKCP, true); err != nil {
			t.Fatal(err)
		}
		again(0)
	})
}

// single returns what a service asks for that asks for a line's receipt alone.
func single(line enqueue.Line) tasks.Revocation {
	return tasks.Revocation{ImpUID: line.ImpUID, PG: line.PG}
}

// Whoever's task a worker begins with, or if it has none, the batches that asked for
// the imp_uid count its outcome.
func TestBatchHearsOfEveryOutcome(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(3)
		if _, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil {
			t.Fatal(err)
		}
		end(t, client, lines[1].ImpUID, outcome.Revoked) // by a task that names no batch
		for range 2 {
			if b := figures(t, client); b.Revoked != 1 || b.Queued != 3 || b.Open != 2 {
				t.Errorf("got %+v, want one of three revoked", b)
			}
			got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
			if want := strings.Repeat("q", 3); got != want || err != nil {
				t.Fatalf("got %s, %v; want %s", got, err, want)
			}
		}
	})
}

// A batch that is cancelled half-way refuses the rest of its list.
func TestCancelledBatchRefusesMoreLines(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(2500)
		store := outcome.NewStore(client, outcome.Config{})
		cancelled := func(yield func(enqueue.Line) bool) {
			for i, line := range lines {
				if i == 1500 {
					if err := store.MarkCancelled(t.Context(), name); err != nil {
						t.Error(err)
					}
				}
				if !yield(line) {
					return
				}
			}
		}
		batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		answered, last := 0, error(nil)
		for _, err := range batch.Ask(t.Context(), cancelled) {
			if last = err; err == nil {
				answered++
			}
		}
		if answered != 1500 || !errors.Is(last, outcome.ErrCancelled) {
			t.Errorf("%d lines, %v; want those before the cancelling, and then ErrCancelled", answered, last)
		}
		got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
		if got != "" || !errors.Is(err, outcome.ErrCancelled) {
			t.Errorf("given again: %d lines, %v; want ErrCancelled", len(got), err)
		}
		if got := requests(t, client, lines); len(got) != 1500 {
			t.Errorf("%d are asked for, want those from before", len(got))
		}
	})
}
