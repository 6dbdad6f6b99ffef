// Package world simulates hours of faults in seconds. Complete workers, a Redis in memory
// and the pretend PortOne run in one bubble of [testing/synctest], connected by pipes: its
// clock goes on as soon as everybody waits. A seed decides which receipts are revoked and
// what goes wrong when; in the end what Redis says of each is compared with what PortOne
// knows.
//
// Runs of one seed differ in what is left to chance elsewhere: the jitter of Asynq and of
// retries, and the order of goroutines that go on at the same moment.
//
// A bubble in which everybody waits for ever ends with a panic that shows every goroutine
// and what it waits for. What it cannot see is a goroutine that waits for a [sync.Mutex]
// held by one that sleeps: the test's own timeout shows those.
package world

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Result is what a run came to.
type Result struct {
	Virtual  time.Duration // from the start to the last outcome
	Deletes  int           // DELETE calls
	Kills    int           // workers that were killed
	Failures []string      // what broke an invariant, with the history of its imp_uid
}

// world is a run with everybody who takes part.
type world struct {
	scenario Scenario
	ctx      context.Context
	began    time.Time
	redis    *redisServer
	portone  *portone
	history  *history
	running  sync.WaitGroup // the workers' lives

	mu      sync.Mutex
	hosts   []*host
	workers []*process
	lives   []int
	active  map[Kind]float64 // the rates of the cuts that happen now
	result  Result
}

// Run runs a scenario in a bubble of its own. Where it is impossible, the test fails.
func Run(t *testing.T, s Scenario) (result Result) {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background()) // a test's own ends too late for the bubble
		defer cancel()
		w, err := newWorld(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		w.play(cancel)
		result = w.result
	})
	return result
}

func newWorld(ctx context.Context, s Scenario) (*world, error) {
	server, err := newRedis()
	if err != nil {
		return nil, err
	}
	w := &world{
		scenario: s, ctx: ctx, began: time.Now(), redis: server, history: newHistory(),
		workers: make([]*process, s.Workers), lives: make([]int, s.Workers), active: make(map[Kind]float64),
	}
	w.portone = newPortone(iamporttest.Config{Seed: s.Seed}, w.overhear)
	return w, nil
}

// play lets everything happen, and compares in the end. stop ends the workers.
func (w *world) play(stop context.CancelFunc) {
	for number := range w.workers {
		w.startWorker(number)
	}
	client := w.client(w.newHost("producer"))
	var acting sync.WaitGroup
	acting.Go(func() { w.ask(client) })
	for _, f := range w.scenario.Faults {
		acting.Go(func() { w.happen(f) })
	}
	acting.Wait()
	store := outcome.NewStore(client, outcome.Config{})
	w.awaitEnd(store)
	w.result.Virtual = time.Since(w.began)
	stop()
	w.running.Wait()
	w.check(store)
	client.Close()
	w.portone.end()
	w.redis.close()
}

// newHost returns a host whose network cuts connections as the faults of the moment say.
func (w *world) newHost(name string) *host {
	h := newHost(name, w.scenario.Seed, func(_ string, chance *rand.Rand) effect {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch number := chance.Float64(); {
		case number < w.active[CutBefore]:
			return cutBefore
		case number < w.active[CutBefore]+w.active[CutAfter]:
			return cutAfter
		}
		return delivered
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts = append(w.hosts, h)
	return h
}

// fail notes that an invariant is broken, and for which imp_uid, if for one.
func (w *world) fail(impUID, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if impUID != "" {
		text = fmt.Sprintf("%s: %s\n%s", impUID, text, w.history.of(impUID))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.Failures = append(w.result.Failures, text)
}

// note enters into the history what somebody has done.
func (w *world) note(impUID, who, what string) {
	w.history.note(impUID, event{time.Since(w.began), who, what})
}

// overhear enters every call of PortOne into the history.
func (w *world) overhear(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		impUID := impUIDIn(r.URL.Path)
		who, _ := r.Context().Value(callerKey{}).(string)
		if impUID == "" {
			next.ServeHTTP(rw, r)
			return
		}
		if r.Method == http.MethodDelete {
			w.mu.Lock()
			w.result.Deletes++
			w.mu.Unlock()
		}
		seen := &statusWriter{ResponseWriter: rw}
		defer func() {
			truth, _ := w.portone.Truth(impUID)
			w.note(impUID, who, fmt.Sprintf("%s answered %d, effective %d", r.Method, seen.status, truth.Effective))
		}()
		w.note(impUID, who, r.Method+" arrives")
		next.ServeHTTP(seen, r)
	})
}
