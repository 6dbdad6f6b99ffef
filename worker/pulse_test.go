package worker_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// onCommand is told of every command before it is sent, as go-redis writes it.
type onCommand func(command string)

func (onCommand) DialHook(next redis.DialHook) redis.DialHook { return next }

func (on onCommand) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		on(cmd.String())
		return next(ctx, cmd)
	}
}

func (onCommand) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestSweepThatHangsIsSeen(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	asked, free := make(chan struct{}), make(chan struct{})
	tell := sync.OnceFunc(func() { close(asked) })
	client.AddHook(onCommand(func(command string) {
		if strings.HasPrefix(command, "zremrangebyscore {receipt}:dead") {
			tell()
			<-free
		}
	}))
	w, _ := newBench(t, client, iamporttest.Config{}).startWorker(t)
	goOn := sync.OnceFunc(func() { close(free) })
	t.Cleanup(goOn)
	<-asked
	last, now := w.LastBeat("sweep"), w.LastBeat("discover")
	if last.IsZero() {
		t.Error("the pulse does not know of a sweep that goes on")
	}
	eventually(t, "others go on", func() bool { return w.LastBeat("discover").After(now) })
	if beat := w.LastBeat("sweep"); !beat.Equal(last) {
		t.Errorf("the sweep hangs since %v, and has beaten at %v", last, beat)
	}
	goOn()
	eventually(t, "between two sweeps none is missed", func() bool { return w.LastBeat("sweep").IsZero() })
}
