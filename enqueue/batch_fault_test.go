package enqueue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"

	"github.com/redis/go-redis/v9"
	"golang.org/x/text/unicode/norm"
)

// Redis loses a batch, and the list is given again: what came of its lines meanwhile,
// and before, is counted.
func TestLostBatchIsCountedAgain(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
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
	// The node of the queue loses it, and that of the requests does not.
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
	open, _, err := outcome.NewStore(client, outcome.Config{}).Overdue(t.Context(), 0, 10_000)
	if err != nil || len(open) != 3000 {
		t.Errorf("%d are open, %v; want all, for a worker to enqueue again", len(open), err)
	}
}

func TestBatchNamesAreChecked(t *testing.T) {
	t.Parallel()
	c := enqueue.NewClient(redistest.Embedded(t), enqueue.Config{})
	for _, bad := range []string{"", "a b", "환불/11월", "a:rows", "a\n", "{a}", "\xff", strings.Repeat("환", 65)} {
		if _, err := c.Batch(bad, enqueue.BatchOptions{}); err == nil {
			t.Errorf("%q is taken for a name", bad)
		}
	}
	for _, good := range []string{"refunds_2026.11-b", "환불-11월", strings.Repeat("환", 64)} {
		if _, err := c.Batch(good, enqueue.BatchOptions{}); err != nil {
			t.Error(err)
		}
	}
}

// A name is the same batch whoever wrote it: macOS takes its letters apart.
func TestBatchNamesAreOneInEveryUnicodeForm(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const batch = "환불-11월"
		c := enqueue.NewClient(client, enqueue.Config{})
		b, err := c.Batch(norm.NFD.String(batch), enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range b.Ask(t.Context(), slices.Values([]enqueue.Line{{ImpUID: one, PG: tasks.KCP}})) {
			if err != nil {
				t.Fatal(err)
			}
		}
		end(t, client, one, outcome.Revoked)
		same, err := c.Batch(batch, enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := same.Status(t.Context()); err != nil || got.Name != batch || got.Revoked != 1 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

// Whoever asks for an imp_uid, how often and with which gateway, a batch ends with as
// many outcomes as it asked for.
func TestEveryRowOfABatchEnds(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		if _, err := c.Revoke(t.Context(), tasks.Revocation{ImpUID: one, PG: tasks.KCP}); err != nil {
			t.Fatal(err)
		}
		ask := func(batch string, lines ...enqueue.Line) (kinds string) {
			t.Helper()
			b, err := c.Batch(batch, enqueue.BatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for result, err := range b.Ask(t.Context(), slices.Values(lines)) {
				if err != nil {
					t.Fatal(err)
				}
				kinds += string(result.Kind)
			}
			return kinds
		}
		first := []enqueue.Line{{Number: 1, ImpUID: one, PG: tasks.KCP}, {Number: 2, ImpUID: "imp_2", PG: tasks.KCP}}
		second := []enqueue.Line{{Number: 1, ImpUID: "imp_2"}, {Number: 2, ImpUID: one}} // on another queue
		if a, b := ask(name, first...), ask("other", second...); a != "eq" || b != "ee" {
			t.Fatalf("got %s and %s; want eq and ee", a, b)
		}
		store := outcome.NewStore(client, outcome.Config{})
		want := func(what string, revoked, dead int) {
			t.Helper()
			for batch, pg := range map[string]tasks.Gateway{name: tasks.KCP, "other": ""} {
				b, err := store.Batch(t.Context(), batch)
				if err != nil || b.Revoked != revoked || b.Dead != dead || b.Finished() != (revoked+dead == 2) ||
					b.Gateways[pg].Revoked != revoked || b.Gateways[pg].Dead != dead {
					t.Errorf("%s: %s is %+v, %v; want %d revoked, %d dead", what, batch, b, err, revoked, dead)
				}
			}
		}
		want("asked for", 0, 0)
		end(t, client, one, outcome.Dead)
		want("one has ended", 0, 1)
		end(t, client, "imp_2", outcome.Dead)
		want("both have ended", 0, 2)
		for _, impUID := range []string{one, "imp_2"} {
			if _, err := store.Revive(t.Context(), impUID); err != nil {
				t.Fatal(err)
			}
		}
		want("revived", 0, 0)
		end(t, client, "imp_2", outcome.Revoked)
		end(t, client, one, outcome.Revoked)
		want("revoked after all", 2, 0)
	})
}

// A producer in another language may enqueue a task in the name of a batch before its
// list is given. The task is recorded at its first attempt, and counts once the list
// names its imp_uid.
func TestTaskThatWasNotRecordedIsCounted(t *testing.T) {
	t.Parallel()
	for want, row := range map[string]int{"q": 1, "e": 0} {
		redistest.One(t, func(t *testing.T, client *redis.Client) {
			store := outcome.NewStore(client, outcome.Config{})
			r := tasks.Revocation{ImpUID: one, PG: tasks.KCP, Batch: name, Row: row}
			attempt, err := store.Begin(t.Context(), r, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Finish(t.Context(), attempt, outcome.Outcome{Status: outcome.Revoked}); err != nil {
				t.Fatal(err)
			}
			if got, err := kinds(t.Context(), t, client, listed(one), enqueue.BatchOptions{}); err != nil || got != want {
				t.Fatalf("row %d: got %s, %v; want %s", row, got, err, want)
			}
			if b := figures(t, client); b.Revoked != 1 || !b.Finished() {
				t.Errorf("row %d: got %+v; want one revoked", row, b)
			}
		})
	}
}

// The other list is given when part of the first is on its way: it is refused, and
// nothing of it is asked for.
func TestTwoListsAtATimeAreNotMixed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		lines := numbered(1500)
		other := append(slices.Clone(lines[:1200]), listed("imp_x", "imp_y")...) // 1,200 lines are the same
		mixed := func(yield func(enqueue.Line) bool) {
			for i, line := range lines {
				if i == 1001 {
					_, err := kinds(t.Context(), t, client, listed("imp_x", "imp_y"), enqueue.BatchOptions{})
					if !mismatched(err, 2) {
						t.Errorf("another list: %v", err)
					}
				}
				if !yield(line) {
					return
				}
			}
		}
		for _, err := range batch.Ask(t.Context(), mixed) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := kinds(t.Context(), t, client, other, enqueue.BatchOptions{}); !mismatched(err, other[1200].Number) {
			t.Errorf("a list that begins like it: %v", err)
		}
		if got := len(overdue(t, client)); got != 1500 {
			t.Errorf("%d are asked for, want those of the first list alone", got)
		}
		if b := figures(t, client); b.Lines != 1500 || !b.Complete {
			t.Errorf("the batch shows %+v, want 1500 lines", b)
		}
	})
}

// mismatched reports whether an error says that a line is another list's.
func mismatched(err error, line int) bool {
	var mismatch *enqueue.MismatchError
	return errors.As(err, &mismatch) && mismatch.Line == line
}

// Of several lists that are given under one name at the same moment, one is taken.
func TestOneOfManyListsIsTaken(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const lists, length = 8, 1200
		var refused [lists]error
		start, all := make(chan struct{}), sync.WaitGroup{}
		list := func(n int) (lines []enqueue.Line) {
			for i := range length {
				lines = append(lines, enqueue.Line{Number: i + 2, ImpUID: fmt.Sprintf("imp_%d_%d", n, i)})
			}
			return lines
		}
		for n := range lists {
			all.Go(func() {
				<-start
				_, refused[n] = kinds(t.Context(), t, client, list(n), enqueue.BatchOptions{})
			})
		}
		close(start)
		all.Wait()
		taken := 0
		for n, err := range refused {
			want := 0
			if err == nil {
				taken, want = taken+1, length
			} else if !mismatched(err, 2) {
				t.Errorf("list %d: %v, want that its first line is another", n, err)
			}
			if got := requests(t, client, list(n)); len(got) != want {
				t.Errorf("list %d, %v: %d are asked for, want %d", n, err, len(got), want)
			}
		}
		if b := figures(t, client); taken != 1 || b.Lines != length || !b.Complete {
			t.Errorf("%d lists are taken, and the batch is %+v", taken, b)
		}
	})
}

// What no repetition mends ends a list that has not begun.
func TestListEndsAtOnceWithoutTheRight(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	if err := server.Client(t).Do(t.Context(), "acl", "setuser", "few", "on", ">pw", "~*", "+ping").Err(); err != nil {
		t.Fatal(err)
	}
	few := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "few", Password: "pw", DisableIdentity: true})
	defer few.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // Ask tries for thirty
	defer cancel()
	if _, err := kinds(ctx, t, few, numbered(1), enqueue.BatchOptions{}); redisfault.Of(err) != redisfault.NoPerm || ctx.Err() != nil {
		t.Errorf("got %v", err)
	}
}

// So does a key of another program, at whichever line it is met.
func TestListEndsAtOnceAtAKeyOfAnotherType(t *testing.T) {
	t.Parallel()
	lines := numbered(600)
	for what, key := range map[string]string{
		"the open ones": "{receipt}:open", "the batch": "{receipt}:batch:" + name, "the queues": "asynq:queues",
		"a request of the third chunk": "{receipt}:request:" + lines[599].ImpUID, "a queue": "asynq:{" + bulkKCP + "}:pending",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // Ask tries for thirty
				defer cancel()
				if err := client.Set(ctx, key, "x", 0).Err(); err != nil {
					t.Fatal(err)
				}
				_, err := kinds(ctx, t, client, lines, enqueue.BatchOptions{})
				if redisfault.Of(err) != redisfault.WrongType || ctx.Err() != nil {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}
