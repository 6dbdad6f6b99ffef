package enqueue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// dying is a hook that lets a process die, as Redis sees it, before it writes to
// Asynq's keys: nothing from then on reaches Redis.
type dying struct {
	cancel context.CancelFunc
	dead   atomic.Bool
}

func (d *dying) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *dying) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return d.process([]redis.Cmder{cmd}, func() error { return next(ctx, cmd) })
	}
}

func (d *dying) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return d.process(cmds, func() error { return next(ctx, cmds) })
	}
}

func (d *dying) process(cmds []redis.Cmder, next func() error) error {
	for _, cmd := range cmds {
		if enqueues(cmd) && d.dead.CompareAndSwap(false, true) {
			d.cancel()
		}
	}
	if !d.dead.Load() {
		return next()
	}
	for _, cmd := range cmds {
		cmd.SetErr(context.Canceled)
	}
	return context.Canceled
}

// enqueues reports whether a command is one of Asynq's enqueueing.
func enqueues(cmd redis.Cmder) bool {
	return strings.HasPrefix(cmd.Name(), "eval") && strings.Contains(cmd.String(), "asynq:{")
}

// A process that dies between recording lines and enqueueing them leaves requests,
// which a worker enqueues; no other list may take their rows.
func TestKilledListKeepsItsRows(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		first := numbered(50)
		ctx, cancel := context.WithCancel(t.Context())
		short := redis.NewClient(&redis.Options{Addr: client.Options().Addr})
		t.Cleanup(func() { _ = short.Close() })
		short.AddHook(&dying{cancel: cancel})
		if _, err := kinds(ctx, t, short, first, enqueue.BatchOptions{}); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want that it was cancelled", err)
		}
		if b := figures(t, client); b.Lines != 50 || b.Queued != 50 || b.Complete {
			t.Fatalf("got %+v; want that every line was recorded", b)
		}
		if got := pending(t, client, bulkKCP); got != 0 {
			t.Fatalf("%d tasks wait; want that it died before", got)
		}
		other := slices.Concat(listed("imp_x"), first[1:])
		if got, err := kinds(t.Context(), t, client, other, enqueue.BatchOptions{}); !mismatched(err, 2) {
			t.Errorf("another list: got %s, %v; want a MismatchError", got, err)
		}
		got, err := kinds(t.Context(), t, client, first, enqueue.BatchOptions{})
		if want := strings.Repeat("q", 50); err != nil || got != want {
			t.Errorf("given again: got %s, %v; want all queued", got, err)
		}
		if b := figures(t, client); b.Lines != 50 || b.Queued != 50 || !b.Complete {
			t.Errorf("given again: got %+v; want the batch as it was, and complete", b)
		}
		open := overdue(t, client)
		for _, o := range open {
			if o.PG != tasks.KCP || o.Batch != name {
				t.Errorf("a worker finds %+v", o)
			}
		}
		if len(open) != 50 {
			t.Errorf("a worker finds %d, want those of the first list alone", len(open))
		}
	})
}

// lossy is a hook that loses the reply to the first recording of lines. The Redis client
// sends it again, or says that it failed.
type lossy struct {
	resends bool
	lost    atomic.Bool
}

func (l *lossy) DialHook(next redis.DialHook) redis.DialHook { return next }

func (l *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return l.process([]redis.Cmder{cmd}, func() error { return next(ctx, cmd) })
	}
}

func (l *lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return l.process(cmds, func() error { return next(ctx, cmds) })
	}
}

func (l *lossy) process(cmds []redis.Cmder, next func() error) error {
	err := next()
	for _, cmd := range cmds {
		records := strings.HasPrefix(cmd.Name(), "eval") && strings.Contains(cmd.String(), "{receipt}:open ")
		if !records || cmd.Err() != nil || !l.lost.CompareAndSwap(false, true) {
			continue
		}
		if l.resends {
			return next()
		}
		err = errors.New("the connection is broken")
		cmd.SetErr(err)
	}
	return err
}

func TestLinesWhoseReplyWasLostAreEnqueued(t *testing.T) {
	t.Parallel()
	for what, resends := range map[string]bool{"sent again": true, "failed": false} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				hook := &lossy{resends: resends}
				client.AddHook(hook)
				batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, enqueue.BatchOptions{})
				if err != nil {
					t.Fatal(err)
				}
				for result, err := range batch.Ask(t.Context(), slices.Values(numbered(50))) {
					if err != nil || result.Kind != outcome.KindQueued || result.Before {
						t.Fatalf("got %+v, %v; want it queued, and not by an earlier run", result, err)
					}
				}
				if got := pending(t, client, bulkKCP); got != 50 || len(overdue(t, client)) != 50 || !hook.lost.Load() {
					t.Errorf("%d tasks wait, want one for each line", got)
				}
				if b := figures(t, client); b.Lines != 50 || b.Queued != 50 || !b.Complete {
					t.Errorf("got %+v, want each line once", b)
				}
				for result, err := range batch.Ask(t.Context(), slices.Values(numbered(50))) {
					if err != nil || !result.Before {
						t.Fatalf("given again: got %+v, %v; want it from an earlier run", result, err)
					}
				}
			})
		})
	}
}
