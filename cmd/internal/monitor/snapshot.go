package monitor

import (
	"context"
	"sync"
	"time"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

const (
	// mostBatches is how many batches are looked at, those started last. Of them the page
	// shows 30, unfinished ones first, so an old batch that still runs is not lost behind
	// newer ones.
	mostBatches = 100
	// minHold is for how long a reading is shown to all who watch, at least. It is below
	// refresh, so that a browser that asks every five seconds gets a new one each time.
	// After an error it is also how long the next try waits.
	minHold = 4 * time.Second
	// costFactor is how many times longer than it took a reading is shown, so that Redis
	// spends less than a hundredth of its time on it, whatever there is to be read and
	// however many people watch: one that took 100 ms is shown for ten seconds.
	costFactor = 100
	// maxHold is for how long a reading is shown at most: above a minute the page would
	// seem to have stopped. A reading takes at most [patience], so at its slowest it is a
	// twelfth of Redis' time.
	maxHold = time.Minute
	// patience is how long a reading may take. A browser waits ten seconds for the page.
	patience = 5 * time.Second
)

// snapshot is what the page shows at one moment. Its parts are read one after another, so
// that they may differ by the time of a reading.
type snapshot struct {
	// At is when the reading began; zero if none has succeeded since the start.
	At      time.Time
	Workers asynqkeys.Count
	Queues  []asynqkeys.Queue
	// Gates is nil if there are none to be shown.
	Gates   *gatesSeen
	Batches []outcome.Batch
	Dead    deadCount
	// Waiting counts the open requests, by the store: Asynq keeps tasks of requests that
	// have ended, so its queues cannot tell.
	outcome.Waiting
}

// snapshots reads what the page shows, once for all who watch. Whoever comes while a
// reading is made waits for that one.
type snapshots struct {
	config  Config
	workers *asynqkeys.Workers

	// mu is held during a reading, and guards all below it.
	mu   sync.Mutex
	dead deadCounter
	last snapshot
	// err is why there is no newer snapshot than last, nil if there is no need of one.
	err error
	// next is from when on a request begins a new reading. No reading is made while no one
	// watches.
	next time.Time
}

func newSnapshots(config Config) *snapshots {
	return &snapshots{
		config: config, workers: asynqkeys.NewWorkers(config.Redis, config.Outcomes.Namespace()),
		dead: deadCounter{outcomes: config.Outcomes, now: config.Now},
	}
}

// get returns the last snapshot. The error says why there is no newer one; the snapshot
// beside it is then the last that succeeded, or zero.
func (s *snapshots) get(ctx context.Context) (snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := s.config.Now()
	if began.Before(s.next) {
		return s.last, s.err
	}
	// Other requests wait for this reading, so it continues although the browser that began
	// it may have hung up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	read, err := s.read(ctx, began)
	now := s.config.Now()
	s.next = now.Add(minHold)
	// Only a reading that succeeded replaces the last one.
	if s.err = err; err == nil {
		s.last = read
		s.next = now.Add(min(max(costFactor*now.Sub(began), minHold), maxHold))
	}
	return s.last, s.err
}

// read makes a reading. It ends at the first error: half a page would look like a whole
// one.
func (s *snapshots) read(ctx context.Context, now time.Time) (read snapshot, err error) {
	read.At = now
	if read.Queues, err = readQueues(ctx, s.config.Redis, s.config.Outcomes.Namespace()); err != nil {
		return read, err
	}
	workers, err := s.workers.List(ctx)
	if err != nil {
		return read, err
	}
	read.Workers = asynqkeys.CountOf(workers)
	if s.config.Gates != nil {
		if read.Gates, err = readGates(ctx, s.config.Gates); err != nil {
			return read, err
		}
	}
	if read.Batches, err = s.config.Outcomes.NewestBatches(ctx, mostBatches); err != nil {
		return read, err
	}
	if read.Waiting, err = s.config.Outcomes.Waiting(ctx); err != nil {
		return read, err
	}
	read.Dead, err = s.dead.step(ctx)
	return read, err
}
