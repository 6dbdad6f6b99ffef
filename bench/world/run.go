package world

import (
	"cmp"
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Run runs a scenario in a bubble of its own. Where it is impossible, the test fails. A broken
// invariant does not fail the test: the caller reads [Result.Failures], and may run the scenario
// again without some of its faults, as [Shrink] does. A run that hangs ends the process.
func Run(t *testing.T, s Scenario) (result Result) {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	s.Attempts, s.MaxDelay = cmp.Or(s.Attempts, backoff.DefaultAttempts), cmp.Or(s.MaxDelay, backoff.DefaultMax)
	var clock bubbleClock
	ended := make(chan struct{})
	defer close(ended)
	go clock.watch(ended)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background()) // a test's own ends too late for the bubble
		defer cancel()
		w, err := newWorld(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		watched, unwatch := context.WithCancel(context.Background())
		defer unwatch()
		go clock.run(watched, w)
		if !w.play(cancel) {
			// A failed test would leave the bubble, whose clock stands still then (testing/synctest):
			// no goroutine that sleeps would ever end.
			w.hangs("workers do not end: what waits for ever is among the goroutines of this bubble")
		}
		result = w.result
	})
	return result
}

// newWorld returns a world at the start of its run: Redis and PortOne answer, receipts are
// issued, and no process has begun. The workers live until ctx ends.
func newWorld(ctx context.Context, s Scenario) (*world, error) {
	server, err := newRedis(s)
	if err != nil {
		return nil, err
	}
	w := &world{
		scenario: s, ctx: ctx, began: time.Now(), redis: server, history: newHistory(), proof: proof.NewHistory(),
		payments: s.payments(), lists: make(map[string][]tasks.Revocation),
		workers: make([]*process, s.Workers), lives: make([]int, s.Workers), wanted: make(map[string]tasks.Revocation),
		cancelledLists: make(map[string]bool), paused: make(map[tasks.Gateway]time.Time), tokens: make(map[string]bool),
		inOutage: make(map[Fault]*outage), doubted: make(map[string]bool), putOff: make(map[string]time.Time),
		told: make(map[string]bool), bubble: bubble(),
	}
	w.lookout = newLookout(w)
	w.portone = newPortone(iamporttest.Config{
		Seed: s.Seed, OnCall: w.arrive, Now: func() time.Time { return time.Now().Add(s.PortOneSkew) },
	}, w.overhear)
	for _, p := range w.payments {
		if p.list != "" {
			w.lists[p.list] = append(w.lists[p.list], p.Revocation)
		}
		if p.nature != notIssued {
			w.portone.Issue(p.receipt)
		}
		// The rules of single receipts come before those of any fault: PortOne tries rules in the
		// order in which it was given them, and so a receipt that is refused stays refused.
		w.portone.Inject(p.rules()...)
	}
	return w, nil
}

// stopWithin is how long workers may take to end, in the time of the bubble. Each of their calls
// ends after 60 s at most, and so a worker that has not ended after an hour never will.
const stopWithin = time.Hour

// play runs the scenario, and compares in the end. stop ends the workers. It reports false if
// they do not end, and compares nothing then: an outcome could still change.
func (w *world) play(stop context.CancelFunc) bool {
	for number := range w.workers {
		w.startWorker(number)
	}
	// Producers and people share one host: what disturbs their network disturbs both.
	client := w.client(w.newHost(producerName))
	w.person = newPerson(client)
	go w.watchBatches(w.ctx)
	var acting sync.WaitGroup
	w.produce(&acting)
	for _, f := range w.scenario.Faults {
		acting.Go(func() { w.happen(f) })
	}
	// Until then a receipt may still be requested, cancelled or retried: no outcome is final before.
	acting.Wait()
	w.awaitEnd()
	w.result.Virtual = time.Since(w.began)
	stop()
	ended := make(chan struct{})
	go func() {
		w.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(stopWithin):
		return false
	}
	// Redis and PortOne still answer: the checks read both.
	w.check()
	client.Close()
	w.portone.end()
	w.redis.close()
	w.tellIfStuck()
	return true
}

// tellIfStuck ends the process, with what was found, if a goroutine of the product is left: the bubble would end with a
// panic that tells nothing else. It waits another hour first, for goroutines that sleep and then end by themselves.
func (w *world) tellIfStuck() {
	time.Sleep(stopWithin)
	synctest.Wait()
	for goroutine := range strings.SplitSeq(goroutines(), "\n\n") {
		if w.own(goroutine) && ofProduct.MatchString(goroutine) {
			w.hangs("a goroutine does not end: it is among those of this bubble")
		}
	}
}
