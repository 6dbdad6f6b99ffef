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
	// standstillEvery is how often what holds requests is read from Redis: soon enough for a person
	// who waits, and a few round trips a second for each of those who wait.
	standstillEvery = time.Second
	// unserved is for how long no worker may be seen before that is said. While one worker is replaced
	// by another, as in an upgrade, there is none for a moment, which is no news.
	unserved = 3 * time.Second
	// registered is how long workers that run may take to be seen again once Redis has been away.
	// Asynq's servers renew their registrations every five seconds, and Redis forgets them after ten:
	// after an outage of more than ten seconds none is registered although all run.
	registered = 10 * time.Second
	// shortHold is for how long PortOne may want no calls (Retry-After) before that is said to those who
	// wait. The worker's log has the same limit: shorter holds come often and pass by themselves.
	shortHold = 5 * time.Second
)

// What [standstill] has last said of the workers. It is said again when it changes from one of these to
// another, and not when only their number does.
const (
	toldServing  = "serving"  // some take tasks
	toldWaiting  = "waiting"  // none takes tasks, and some wait for PortOne
	toldStopping = "stopping" // none takes tasks or waits, and some are about to end
	toldNone     = "none"     // none runs
)

// standstill tells those who wait for outcomes why none may come: how many workers are running, and what
// pauses queues. It says each once, and again when it has changed: the same lines every second would hide
// what is new. One goroutine uses it: while it waits it calls look, words the pauses that look returns,
// and hands the texts to tell.
type standstill struct {
	say     func(format string, args ...any)
	workers *asynqkeys.Workers
	gates   *gate.Store
	now     func() time.Time

	began, looked time.Time
	served        time.Time       // when a worker was last seen that takes tasks, at first the beginning
	away          time.Time       // when Redis last did not answer
	told          string          // what was last said of the workers, empty before that
	causes        map[string]bool // what held requests when it was last looked, by key
	failed        bool            // it was said that Redis does not answer, and it still does not
}

// newStandstill returns a standstill that says what it has to say with say, which must make way for a
// progress bar if there is one.
func newStandstill(
	client redis.UniversalClient, namespace string, say func(format string, args ...any),
) *standstill {
	now := time.Now()
	return &standstill{
		say: say, workers: asynqkeys.NewWorkers(client, namespace), gates: gate.NewStore(client, namespace),
		now: time.Now, began: now, served: now,
	}
}

// look says how many workers there are if that has changed, and returns what pauses queues. waiting is
// for how many tasks the caller waits. It returns false if the last look was less than a second ago, or
// nothing could be read: the caller then keeps what it knew. An error is said once for each outage.
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
		// Ctrl-C ends the reading with an error too. That is no outage.
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

// tellWorkers says how many workers there are once the waiting has lasted three seconds, and again when
// another of the told… constants holds. So most waits, which end within a second, say nothing of it.
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
	// That no worker serves is believed only after three seconds, and after an outage of Redis only
	// once all have had the time to register again.
	unseen := workers.Serving == 0 && (now.Sub(s.served) < unserved || now.Sub(s.away) < registered)
	if kind == s.told || now.Sub(s.began) < unserved || unseen {
		return
	}
	s.told = kind
	s.say("%s", working(workers, waiting))
}

// unattended reports whether it was last said that no worker takes tasks. Then no time that is left is
// shown: it would be computed from the rate of a moment ago.
func (s *standstill) unattended() bool { return s.told != "" && s.told != toldServing }

// tell says what holds requests, unless it was said at the last look: causes has a text for each key.
// Texts may change, as the number of lines that wait does; only a new key is news. A cause that is gone
// is forgotten, and said again if it comes back.
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
