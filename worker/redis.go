package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"receiptrevoker/tasks/outcome"
)

const (
	// askEvery is how often it is seen whether Redis works, and remembers. It is less
	// than a call of PortOne takes: where Redis loses both the begin and the end of an
	// attempt, it loses a heartbeat between them.
	askEvery = 200 * time.Millisecond
	// askTimeout is how long an answer may take.
	askTimeout = 3 * time.Second
)

// errNotAsked is what is known of Redis before it was first asked.
var errNotAsked = errors.New("redis has not been asked yet")

// watch knows whether Redis works, and says so when that changes, or when Redis
// lost what it had confirmed.
type watch struct {
	heartbeat *outcome.Heartbeat
	log       *slog.Logger
	pulse     *pulse

	err   atomic.Pointer[error] // why it does not; points to nil if it does
	lossy time.Duration         // for how long attempts were uncertain when it last asked
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
		select {
		case <-ctx.Done():
		case <-time.After(askEvery):
		}
	}
}

func (w *watch) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	lossy, err := w.heartbeat.Beat(ctx)
	if err != nil {
		return err
	}
	if lossy > w.lossy+time.Minute { // several workers notice the same loss within moments
		w.log.Warn("Redis has lost what it had confirmed: a lookup comes before every DELETE until then, "+
			"and tasks of its last moments must be asked for again", "until", time.Now().Add(lossy).UTC().Format(time.RFC3339))
	}
	w.lossy = lossy
	return nil
}
