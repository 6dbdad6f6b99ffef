// Package redishealth sees whether Redis answers, takes writes, allows what a worker does,
// and remembers what it has confirmed.
package redishealth

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/worker/heartbeat"
	"receiptrevoker/worker/pace"
	"receiptrevoker/worker/pulse"
)

const (
	// askEvery is how often it is seen whether Redis works, and remembers, while the process
	// works, and at once when an idle one gets a task. It is less than a call of PortOne takes:
	// where Redis loses both the begin and the end of an attempt, it loses a heartbeat
	// between them, besides the attempt itself, which counts as one.
	askEvery = 200 * time.Millisecond
	// askTimeout is how long an answer may take.
	askTimeout = 3 * time.Second
	// tryEvery is how often it is seen whether Redis still allows its user everything: a
	// user's rights may change while the worker runs, and another node's user takes over.
	tryEvery = 15 * time.Second
)

// errNotAsked is what is known of Redis before it was first asked.
var errNotAsked = errors.New("redis has not been asked yet")

// Watch knows whether Redis works, and says so when that changes, or when Redis
// lost what it had confirmed.
type Watch struct {
	Heartbeat *heartbeat.Heartbeat
	Log       *slog.Logger
	// Pace tells how often it asks.
	Pace *pace.Pace
	// Pulse is told that [Watch.Run] turns.
	Pulse *pulse.Pulse
	// Rights returns what Redis does not allow, in an error that [redisfault.Permanent]
	// reports, as receiptrevoker/tasks/rights.Check does.
	Rights func(context.Context) error

	tried   time.Time             // when Rights was last called
	missing error                 // what it returned, if that is permanent
	err     atomic.Pointer[error] // why it does not; points to nil if it does
	lossy   time.Duration         // for how long attempts were uncertain when it last asked
}

// Err returns nil while Redis answers, takes writes and allows what a worker does.
func (w *Watch) Err() error {
	if err := w.err.Load(); err != nil {
		return *err
	}
	return errNotAsked
}

// Run asks until ctx is done.
func (w *Watch) Run(ctx context.Context) {
	var since time.Time // when trouble began
	var told string     // what was last said of it
	defer w.Pulse.End("watch")
	for ctx.Err() == nil {
		w.Pulse.Beat("watch")
		err := w.ask(ctx)
		switch says := trouble(err); {
		case ctx.Err() != nil:
			return
		case err != nil && says != told:
			if since.IsZero() {
				since = time.Now()
			}
			told = says
			w.Log.Error(says, "error", err, "advice", redisfault.Advice(err))
		case err == nil && told != "":
			w.Log.Info("Redis is back", "after", time.Since(since).Round(time.Second).String())
			since, told = time.Time{}, ""
		}
		w.err.Store(&err)
		wait, woken := w.Pace.Next(askEvery)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		case <-woken:
		}
	}
}

// trouble says what an error of Redis comes to.
func trouble(err error) string {
	if redisfault.Permanent(err) {
		return "Redis refuses what workers need: tasks wait until that is mended"
	}
	return "Redis is away: tasks wait, and what was found is kept until it can be written"
}

func (w *Watch) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	lossy, err := w.Heartbeat.Beat(ctx)
	refused := redisfault.Permanent(err)
	if (err == nil || refused) && time.Since(w.tried) >= tryEvery {
		_ = w.Try(ctx)
	}
	switch {
	case refused && w.missing != nil: // which names all that is refused
		return w.missing
	case err != nil:
		return err
	}
	if lossy > w.lossy+time.Minute { // several workers notice the same loss within moments
		w.Log.Warn("Redis has lost what it had confirmed: a lookup comes before every DELETE until then, "+
			"and tasks of its last moments must be asked for again", "until", time.Now().Add(lossy).UTC().Format(time.RFC3339))
	}
	w.lossy = lossy
	return w.missing
}

// Try sees whether Redis allows what a worker does, and returns what it does not, in an error
// of [Watch.Rights]. What is known stays, if Redis does not say.
func (w *Watch) Try(ctx context.Context) error {
	w.tried = time.Now()
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if err := w.Rights(ctx); err == nil || redisfault.Permanent(err) {
		w.missing = err
	}
	return w.missing
}
