package metrics

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
)

const (
	// readingLife is how old a reading may be that is shown: several scrapers at about the same time
	// cost one.
	readingLife = 3 * time.Second
	// readTimeout bounds a reading, well below the 10 s that Prometheus waits by default
	// (scrape_timeout).
	readTimeout = 2 * time.Second
	// readyTimeout bounds, within it, the question whether the worker can work:
	// that may ask PortOne, which must not make Redis look as if it were down.
	readyTimeout = readTimeout / 2
	// overdueFor is for how long no worker has attempted what is overdue. Within
	// it, the sweeper of any worker should have.
	overdueFor = time.Minute
)

// Worker is what a scrape asks of a worker.
type Worker interface {
	Ready(ctx context.Context) error
	Gates() map[gate.Name]gate.State
}

// Subject is what is looked at for a scrape.
type Subject struct {
	Redis    redis.UniversalClient
	Outcomes *outcome.Store
	Worker   Worker
}

// reading is what Redis and the worker said at one moment.
type reading struct {
	at       time.Time
	err      error // why Redis said nothing
	ready    bool
	overview outcome.Overview
	queues   []queue
	older    []asynqkeys.Worker
	hold     time.Duration // for which PortOne wants no calls
}

// readings keeps the last reading, and makes a new one when it is asked for and too old.
type readings struct {
	subject Subject
	workers *asynqkeys.Workers
	flight  singleflight.Group
	last    atomic.Pointer[reading]
}

func newReadings(subject Subject) *readings {
	r := &readings{subject: subject, workers: asynqkeys.NewWorkers(subject.Redis, subject.Outcomes.Namespace())}
	r.last.Store(&reading{err: errors.New("nothing was read yet")})
	return r
}

// fresh reports whether the last reading may be shown.
func (r *readings) fresh() bool { return time.Since(r.last.Load().at) < readingLife }

// refresh makes the last reading fresh. It returns within [readTimeout], also where Redis does not
// answer: then the reading says so.
func (r *readings) refresh(ctx context.Context) {
	if r.fresh() {
		return
	}
	// Others wait for the same reading: it must not end with the one who asked first.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	done := r.flight.DoChan("", func() (any, error) {
		// Another flight may have ended in between.
		if !r.fresh() {
			r.last.Store(r.read(ctx))
		}
		return nil, nil
	})
	select {
	case <-done:
	case <-ctx.Done():
		r.last.Store(&reading{at: time.Now(), err: context.Cause(ctx)})
	}
}

// read asks Redis and the worker at the same time.
func (r *readings) read(ctx context.Context) *reading {
	found := new(reading)
	var all errgroup.Group
	all.Go(func() (err error) {
		found.overview, err = r.subject.Outcomes.Overview(ctx, overdueFor)
		return err
	})
	all.Go(func() (err error) {
		found.queues, err = queues(ctx, r.subject.Redis, r.subject.Outcomes.Namespace())
		return err
	})
	all.Go(func() (err error) {
		found.older, err = r.workers.Older(ctx)
		return err
	})
	all.Go(func() error {
		gates, err := gate.NewStore(r.subject.Redis, r.subject.Outcomes.Namespace()).Poll(ctx)
		found.hold = gates.Hold
		return err
	})
	// Whether the worker is ready has a shorter timeout of its own: it may ask PortOne.
	all.Go(func() error {
		ctx, cancel := context.WithTimeout(ctx, readyTimeout)
		defer cancel()
		found.ready = r.subject.Worker.Ready(ctx) == nil
		return nil
	})
	found.err = all.Wait()
	found.at = time.Now()
	return found
}
