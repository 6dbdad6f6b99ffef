package enqueue_test

import (
	"slices"
	"testing"
	"time"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"

	"github.com/redis/go-redis/v9"
)

func TestCrashBeforeMarkingLosesNothing(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		lines := numbered(30)
		if _, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil {
			t.Fatal(err)
		}
		store := outcome.NewStore(client, outcome.Config{})
		work := func(i int) {
			t.Helper()
			r := tasks.Revocation{ImpUID: lines[i].ImpUID, PG: tasks.KCP, Batch: name, Row: i + 1}
			attempt, err := store.Begin(t.Context(), r, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Finish(t.Context(), attempt, outcome.Outcome{Status: outcome.Revoked}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 5 {
			work(i)
		}
		// As if the process had died before it marked anything, or Redis had
		// lost the batch.
		for _, key := range []string{":rows", ":counted", ""} {
			client.Del(t.Context(), "{receipt}:batch:"+name+key)
		}
		for i := range 5 {
			work(5 + i)
		}
		if got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil || len(got) != 30 {
			t.Fatalf("got %s, %v", got, err)
		}
		if b := figures(t, client); b.Queued != 30 || b.Elsewhere != 0 || b.Revoked != 10 || b.Open != 20 {
			t.Errorf("got %+v; want 30 queued of which 10 are revoked", b)
		}
	})
}

func TestFullRedisStopsTheList(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--maxmemory", "6mb", "--maxmemory-policy", "noeviction")
	client := server.Client(t)
	lines := numbered(50_000)
	got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{})
	if !enqueue.Full(err) {
		t.Fatalf("%d lines, %v; want that Redis is full", len(got), err)
	}
	if err := client.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil || len(got) != 50_000 {
		t.Fatalf("%d lines, %v; want that the list goes on", len(got), err)
	}
	if b := figures(t, client); b.Queued != 50_000 || b.Elsewhere != 0 {
		t.Errorf("got %+v, want all queued by this batch", b)
	}
}

func TestBatchOnACluster(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t)
	batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, enqueue.BatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() {
		t.Helper()
		count := 0
		for result, err := range batch.Ask(t.Context(), slices.Values(numbered(3000))) {
			if err != nil {
				t.Fatal(err)
			}
			if result.Kind == outcome.KindQueued {
				count++
			}
		}
		if b, err := batch.Status(t.Context()); err != nil || b.Queued != 3000 || count != 3000 {
			t.Errorf("%d queued, batch %+v, %v", count, b, err)
		}
		if n, err := client.LLen(t.Context(), "asynq:{"+bulkKCP+"}:pending").Result(); err != nil || n != 3000 {
			t.Errorf("%d tasks wait, %v; want 3000", n, err)
		}
	}
	ask()
	ask()
	// The node of the queue lost it.
	for _, key := range []string{"pending", "t:" + tasks.TaskID(numbered(1)[0].ImpUID)} {
		if err := client.Del(t.Context(), "asynq:{"+bulkKCP+"}:"+key).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for result, err := range batch.Ask(t.Context(), slices.Values(numbered(3000))) {
		if err != nil || !result.Before {
			t.Fatalf("%+v, %v; want an answer from before", result, err)
		}
	}
	if n, err := client.LLen(t.Context(), "asynq:{"+bulkKCP+"}:pending").Result(); err != nil || n != 1 {
		t.Errorf("%d tasks wait, %v; want the one that was gone", n, err)
	}
}

func TestBatchNamesAreChecked(t *testing.T) {
	t.Parallel()
	c := enqueue.NewClient(redistest.Embedded(t), enqueue.Config{})
	for _, bad := range []string{"", "a b", "환불", "a:rows", "a\n", string(make([]byte, 65))} {
		if _, err := c.Batch(bad, enqueue.BatchOptions{}); err == nil {
			t.Errorf("%q is taken for a name", bad)
		}
	}
}

// Whatever asks for an imp_uid how often, with which gateway, a batch ends with
// as many outcomes as it asked for.
func TestEveryRowOfABatchEnds(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		other := tasks.Revocation{ImpUID: one, PG: tasks.KCP, Batch: "other"} // of no batch that anybody opened
		if _, err := c.Revoke(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		first := []enqueue.Line{{Number: 1, ImpUID: one, PG: tasks.KCP}, {Number: 2, ImpUID: "imp_2", PG: tasks.KCP}}
		second := []enqueue.Line{{Number: 1, ImpUID: one}, {Number: 2, ImpUID: "imp_2"}} // on another queue
		if got, err := kinds(t.Context(), t, client, first, enqueue.BatchOptions{}); err != nil || got != "eq" {
			t.Fatalf("got %s, %v; want eq", got, err)
		}
		if got, err := kinds(t.Context(), t, client, second, enqueue.BatchOptions{Append: true}); err != nil || got != "qq" {
			t.Fatalf("got %s, %v; want qq", got, err)
		}
		store := outcome.NewStore(client, outcome.Config{})
		for _, r := range []tasks.Revocation{
			other,
			{ImpUID: "imp_2", PG: tasks.KCP, Batch: name, Row: 2},
			{ImpUID: one, Batch: name, Row: 3},
			{ImpUID: "imp_2", Batch: name, Row: 4},
		} {
			attempt, err := store.Begin(t.Context(), r, time.Minute)
			if err != nil {
				continue // it has ended
			}
			refused := outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonRefused}
			if _, err := store.Finish(t.Context(), attempt, refused); err != nil {
				t.Fatal(err)
			}
		}
		if b := figures(t, client); b.Dead != 4 || b.Open != 0 || !b.Finished() {
			t.Errorf("got %+v; want four rows with an end", b)
		}
		for _, impUID := range []string{one, "imp_2"} {
			if _, err := store.Revive(t.Context(), impUID); err != nil {
				t.Fatal(err)
			}
		}
		if b := figures(t, client); b.Dead != 0 || b.Open != 4 || b.Finished() {
			t.Errorf("got %+v; want four open rows", b)
		}
		for _, impUID := range []string{one, "imp_2"} {
			end(t, client, impUID, outcome.Revoked)
		}
		if b := figures(t, client); b.Revoked != 4 || b.Open != 0 || !b.Finished() {
			t.Errorf("got %+v; want four revoked rows", b)
		}
	})
}

// An imp_uid that a service asked for in the name of a batch, without a row, is
// the batch's once its list names it.
func TestRowlessTaskOfABatchIsAdopted(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		store := outcome.NewStore(client, outcome.Config{})
		attempt, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: one, Batch: name}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Finish(t.Context(), attempt, outcome.Outcome{Status: outcome.Revoked}); err != nil {
			t.Fatal(err)
		}
		if got, err := kinds(t.Context(), t, client, listed(one), enqueue.BatchOptions{}); err != nil || got != "q" {
			t.Fatalf("got %s, %v; want q", got, err)
		}
		if b := figures(t, client); b.Revoked != 1 || !b.Finished() {
			t.Errorf("got %+v; want one revoked", b)
		}
	})
}

func TestTwoListsAtATimeAreNotMixed(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// The other list is given when part of the first is on its way.
		var first, other error
		mixed := func(yield func(enqueue.Line) bool) {
			for i, line := range numbered(1500) {
				if i == 1001 {
					_, other = kinds(t.Context(), t, client, listed("imp_x", "imp_y"), enqueue.BatchOptions{})
				}
				if !yield(line) {
					return
				}
			}
		}
		for _, err := range batch.Ask(t.Context(), mixed) {
			first = err
		}
		if (first == nil) == (other == nil) {
			t.Errorf("got %v and %v, want that one list is taken and the other refused", first, other)
		}
		want := map[bool]int{true: 1500, false: 2}[first == nil]
		if b := figures(t, client); b.Lines != want || !b.Complete {
			t.Errorf("the batch shows %+v, want %d lines", b, want)
		}
	})
}
