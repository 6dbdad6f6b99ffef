package monitor

import (
	"context"
	"sync"
	"time"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

const (
	// mostBatches is how many batches are looked at, those started last.
	mostBatches = 100
	// minHold is for how long a reading is shown to everybody, at least. It is below refresh,
	// so that a person who watches sees no older one.
	minHold = 4 * time.Second
	// costFactor is how many times longer than it took a reading is shown, so that Redis
	// spends less than a hundredth of its time on it, whatever there is to be read and
	// however many people watch.
	costFactor = 100
	// maxHold is for how long a reading is shown at most: the page must not seem to stand still.
	maxHold = time.Minute
	// patience is how long a reading may take.
	patience = 5 * time.Second
)

// snapshot is what the page shows at one moment.
type snapshot struct {
	At      time.Time // zero if there has been none
	Workers asynqkeys.Count
	Queues  []asynqkeys.Queue
	Gates   *gatesSeen // nil if there are none to be shown
	Batches []outcome.Batch
	Dead    deadCount
	outcome.Waiting
}

// snapshots reads what the page shows, once for all who watch.
type snapshots struct {
	config  Config
	workers *asynqkeys.Workers

	mu   sync.Mutex
	dead deadCounter
	last snapshot
	err  error // of the last reading
	next time.Time
}

func newSnapshots(config Config) *snapshots {
	return &snapshots{
		config: config, workers: asynqkeys.NewWorkers(config.Redis, config.Outcomes.Namespace()),
		dead: deadCounter{outcomes: config.Outcomes, now: config.Now},
	}
}

// get returns the last snapshot. The error says why there is no newer one.
func (s *snapshots) get(ctx context.Context) (snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := s.config.Now()
	if began.Before(s.next) {
		return s.last, s.err
	}
	// Others wait for this reading, even if who began it does not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	read, err := s.read(ctx, began)
	now := s.config.Now()
	s.next = now.Add(minHold)
	if s.err = err; err == nil {
		s.last = read
		s.next = now.Add(min(max(costFactor*now.Sub(began), minHold), maxHold))
	}
	return s.last, s.err
}

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
