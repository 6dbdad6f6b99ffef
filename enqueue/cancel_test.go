package enqueue_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// cancelled cancels imp_uids and returns what became of them.
func cancelled(t *testing.T, c *enqueue.Client, dry bool, impUIDs ...string) (found []outcome.Withdrawal) {
	t.Helper()
	for one, err := range c.Cancel(t.Context(), slices.Values(impUIDs), dry) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, one.Withdrawal)
	}
	return found
}

func TestCancelTellsWhatBecomesOfEach(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		for _, impUID := range []string{"imp_1", "imp_2"} {
			if _, err := c.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}); err != nil {
				t.Fatal(err)
			}
		}
		foreign, err := tasks.NewTask(tasks.Revocation{ImpUID: "imp_3", PG: tasks.Nice})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), foreign); err != nil {
			t.Fatal(err)
		}
		want := []outcome.Withdrawal{outcome.Withdrawn, outcome.Unknown, outcome.Withdrawn}
		for _, dry := range []bool{true, false, false} {
			if got := cancelled(t, c, dry, "imp_1", "imp_9", "imp_3"); !slices.Equal(got, want) {
				t.Errorf("dry %t: %q, want %q", dry, got, want)
			}
		}
		for impUID, want := range map[string]string{"imp_1": "1", "imp_2": "", "imp_3": "1", "imp_9": ""} {
			if got := client.HGet(t.Context(), "{receipt}:request:"+impUID, "withdrawn").Val(); got != want {
				t.Errorf("%s is withdrawn: %q, want %q", impUID, got, want)
			}
		}
		again, err := c.Revoke(t.Context(), tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
		if err != nil || client.HExists(t.Context(), "{receipt}:request:imp_1", "withdrawn").Val() {
			t.Errorf("asked for again: %+v, %v; want that it is not withdrawn any more", again, err)
		}
	})
}

// More than a page of imp_uids, and a reader that leaves early.
func TestCancelGoesThroughAnyNumber(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	c := enqueue.NewClient(client, enqueue.Config{})
	var all []string
	for i := range 1_201 {
		all = append(all, fmt.Sprintf("imp_%d", i))
	}
	if got := cancelled(t, c, false, all...); len(got) != len(all) || slices.ContainsFunc(got, func(w outcome.Withdrawal) bool {
		return w != outcome.Unknown
	}) {
		t.Errorf("%d answers", len(got))
	}
	for range c.Cancel(t.Context(), slices.Values(all), false) {
		break
	}
}

// A list is cancelled while it is being enqueued: nothing more is asked for, and nothing
// of it is left that would be called.
func TestBatchIsCancelledWhileItIsEnqueued(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		c := enqueue.NewClient(client, enqueue.Config{})
		batch, err := c.Batch("b", enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		const lines = 20_000
		asked, found := 0, make(map[outcome.Withdrawal]int)
		err = nil
		for _, failure := range batch.Ask(t.Context(), func(yield func(enqueue.Line) bool) {
			for i := 1; i <= lines; i++ {
				if i == lines/2 {
					for one, err := range batch.Cancel(t.Context(), false, nil) {
						if err != nil {
							t.Error(err)
						}
						found[one.Withdrawal]++
					}
				}
				if !yield(enqueue.Line{Number: i, ImpUID: fmt.Sprintf("imp_%d", i), PG: tasks.KCP}) {
					return
				}
			}
		}) {
			if failure != nil {
				err = failure
				continue
			}
			asked++
		}
		if !errors.Is(err, outcome.ErrCancelled) {
			t.Errorf("asking ended with %v, want that it was cancelled", err)
		}
		if n := found[outcome.Withdrawn]; n == 0 || n != len(found)*n || asked > n {
			t.Errorf("%v of what was asked for, %d lines", found, asked)
		}
		b, err := batch.Status(t.Context())
		if err != nil || b.CancelledAt.IsZero() || b.Lines != found[outcome.Withdrawn] {
			t.Errorf("%+v, %v", b, err)
		}
		other, err := c.Batch("no such batch", enqueue.BatchOptions{})
		if err == nil {
			t.Errorf("a batch may be called %v", other)
		}
		none, _ := c.Batch("none", enqueue.BatchOptions{})
		for _, err := range none.Cancel(t.Context(), false, nil) {
			if !errors.Is(err, outcome.ErrNoBatch) {
				t.Errorf("no batch: %v", err)
			}
		}
	})
}
