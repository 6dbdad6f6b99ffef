package worker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
)

const (
	// calmPause is how long a command that cannot be carried out is held back.
	calmPause = 200 * time.Millisecond
	// askEvery is how often it is seen whether Redis works.
	askEvery = time.Second
	// askTimeout is how long an answer may take.
	askTimeout = 3 * time.Second
)

// calm holds back what fails while Redis is in trouble: Asynq asks for the next
// task again at once, however the last time failed, and would spin.
type calm struct{}

// DialHook holds back a connection that could not be made.
func (calm) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		connection, err := next(ctx, network, addr)
		if err != nil {
			sleep(ctx, calmPause)
		}
		return connection, err
	}
}

// ProcessHook holds back a command that Redis will not carry out now.
func (calm) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err != nil && inTrouble(err) {
			sleep(ctx, calmPause)
		}
		return err
	}
}

// ProcessPipelineHook changes nothing: nothing of ours loops on a pipeline.
func (calm) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// inTrouble tells what Redis says while it cannot work from its other errors.
func inTrouble(err error) bool {
	for _, prefix := range []string{"OOM ", "LOADING ", "MISCONF ", "READONLY ", "MASTERDOWN ", "CLUSTERDOWN ", "NOREPLICAS ", "NOAUTH ", "WRONGPASS "} {
		if strings.HasPrefix(err.Error(), prefix) {
			return true
		}
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// errNotAsked is what is known of Redis before it was first asked.
var errNotAsked = errors.New("redis has not been asked yet")

// watch knows whether Redis works, and says so when that changes.
type watch struct {
	outcomes *outcome.Store
	process  string
	log      *slog.Logger
	pulse    *pulse

	err atomic.Pointer[error] // why it does not; points to nil if it does
}

// Err returns nil while Redis answers and takes writes.
func (w *watch) Err() error {
	if err := w.err.Load(); err != nil {
		return *err
	}
	return errNotAsked
}

// run asks until ctx is done.
func (w *watch) run(ctx context.Context) {
	var since time.Time // when Redis went away
	defer w.pulse.end("watch")
	for ctx.Err() == nil {
		w.pulse.beat("watch")
		err := w.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && since.IsZero():
			since = time.Now()
			w.log.Error("Redis is away: tasks wait, and what was found is kept until it can be written", "error", err)
		case err == nil && !since.IsZero():
			w.log.Info("Redis is back", "after", time.Since(since).Round(time.Second).String())
			since = time.Time{}
		}
		w.err.Store(&err)
		sleep(ctx, askEvery)
	}
}

func (w *watch) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return w.outcomes.Alive(ctx, w.process)
}
