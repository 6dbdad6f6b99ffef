package enqueue_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/redistest"
)

// dying is a hook that lets a process die, as Redis sees it, once Asynq's keys
// have been written to: nothing after that reaches Redis.
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
	if d.dead.Load() {
		for _, cmd := range cmds {
			cmd.SetErr(context.Canceled)
		}
		return context.Canceled
	}
	err := next()
	for _, cmd := range cmds {
		if strings.HasPrefix(cmd.Name(), "eval") && strings.Contains(cmd.String(), "asynq:{") {
			d.dead.Store(true)
			d.cancel()
		}
	}
	return err
}

// A process that dies between asking for lines and marking them leaves tasks in
// the name of its list; no other list may take their rows.
func TestKilledListKeepsItsRows(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		first := numbered(50)
		ctx, cancel := context.WithCancel(t.Context())
		short := redis.NewClient(&redis.Options{Addr: client.Options().Addr})
		t.Cleanup(func() { _ = short.Close() })
		short.AddHook(&dying{cancel: cancel})
		if _, err := kinds(ctx, t, short, first, enqueue.BatchOptions{}); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want that it was cancelled", err)
		}
		if b := figures(t, client); b.Lines != 0 {
			t.Fatalf("got %+v; want that no line was marked", b)
		}
		other := slices.Concat(listed("imp_x"), first[1:])
		for _, options := range []enqueue.BatchOptions{{}, {Append: true}} {
			var mismatch *enqueue.MismatchError
			if got, err := kinds(t.Context(), t, client, other, options); !errors.As(err, &mismatch) || mismatch.Line != 2 {
				t.Errorf("another list, %+v: got %s, %v; want a MismatchError", options, got, err)
			}
		}
		got, err := kinds(t.Context(), t, client, first, enqueue.BatchOptions{})
		if want := strings.Repeat("q", 50); err != nil || got != want {
			t.Errorf("given again: got %s, %v; want all queued", got, err)
		}
		if got := pending(t, client, bulkKCP); got != 50 {
			t.Errorf("%d tasks wait, want those of the first list alone", got)
		}
	})
}
