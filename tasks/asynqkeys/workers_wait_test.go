package asynqkeys_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/asynqkeys"
)

// hanging is a Redis that does not answer before the test ends.
type hanging struct{ asked chan struct{} }

func (hanging) DialHook(next redis.DialHook) redis.DialHook { return next }

func (hanging) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h hanging) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, _ redis.Cmder) error {
		close(h.asked)
		<-ctx.Done()
		return ctx.Err()
	}
}

// Whoever waits while another asks Redis is let go by its own context.
func TestWorkersWaitNoLongerThanTheCaller(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t).Client(t)
	hangs := hanging{make(chan struct{})}
	redis.AddHook(hangs)
	w := asynqkeys.NewWorkers(redis, "")
	first, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := w.List(first)
		ended <- err
	}()
	<-hangs.asked
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.List(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: got %v, want it cancelled", err)
	}
}
