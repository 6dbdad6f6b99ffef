package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

const (
	// standstillEvery is how often it is looked at.
	standstillEvery = time.Second
	// unserved is for how long no worker may be seen before that is said: one that is
	// replaced by another is no news.
	unserved = 3 * time.Second
	// registered is how long workers that run may take to be seen again once Redis has been
	// away: their registrations end after ten seconds, and are renewed every five.
	registered = 10 * time.Second
	// shortHold is for how long PortOne may want no calls (Retry-After) without that being
	// said to those who wait.
	shortHold = 5 * time.Second
)

// What was told of the workers.
const (
	toldServing  = "serving"  // that some are running
	toldWaiting  = "waiting"  // that none takes tasks, and some wait for PortOne
	toldStopping = "stopping" // that all that run are about to end
	toldNone     = "none"     // that none runs
)

// standstill tells those who wait why nothing may come: how many workers are running, and
// what pauses queues. Each is said once, and again when it has changed.
type standstill struct {
	say     func(format string, args ...any)
	workers *asynqkeys.Workers
	gates   *gate.Store
	now     func() time.Time

	began, looked time.Time
	served        time.Time // when a worker was last seen
	away          time.Time // when Redis last did not answer
	told          string    // of the workers
	causes        map[string]bool
	failed        bool
}

func newStandstill(
	client redis.UniversalClient, namespace string, say func(format string, args ...any),
) *standstill {
	now := time.Now()
	return &standstill{
		say: say, workers: asynqkeys.NewWorkers(client, namespace), gates: gate.NewStore(client, namespace),
		now: time.Now, began: now, served: now,
	}
}

// look tells of the workers, for which so many tasks wait, and returns what pauses queues;
// false if it was looked a moment ago, or nothing could be read.
func (s *standstill) look(ctx context.Context, waiting int) (pauses []pause.Pause, looked bool) {
	now := s.now()
	if now.Sub(s.looked) < standstillEvery {
		return nil, false
	}
	s.looked = now
	workers, err := s.workers.List(ctx)
	if err == nil {
		pauses, err = s.gates.Holds(ctx, shortHold)
	}
	if err != nil {
		s.away = s.now()
		if !s.failed && ctx.Err() == nil {
			s.failed = true
			s.say("revoker: it is not known what is waited for: %v", err)
		}
		return nil, false
	}
	s.failed = false
	s.tellWorkers(now, asynqkeys.CountOf(workers), waiting)
	return pauses, true
}

// tellWorkers says how many workers there are to those who have waited for three seconds,
// and then whether any takes tasks, and if not, why.
func (s *standstill) tellWorkers(now time.Time, workers asynqkeys.Count, waiting int) {
	kind := toldNone
	switch {
	case workers.Serving > 0:
		kind, s.served = toldServing, now
	case workers.Waiting > 0:
		kind = toldWaiting
	case workers.Stopping > 0:
		kind = toldStopping
	}
	unseen := workers.Serving == 0 && (now.Sub(s.served) < unserved || now.Sub(s.away) < registered)
	if kind == s.told || now.Sub(s.began) < unserved || unseen {
		return
	}
	s.told = kind
	s.say("%s", working(workers, waiting))
}

// unattended reports whether it was told that no worker takes tasks.
func (s *standstill) unattended() bool { return s.told != "" && s.told != toldServing }

// tell says what is waited for, unless the same was said when it last was looked.
func (s *standstill) tell(causes map[string]string) {
	told := make(map[string]bool, len(causes))
	for cause, text := range causes {
		told[cause] = true
		if !s.causes[cause] {
			s.say("%s", text)
		}
	}
	s.causes = told
}
