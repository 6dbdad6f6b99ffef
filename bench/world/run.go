package world

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Run runs a scenario in a bubble of its own, and returns what broke an invariant among the
// rest. Where the scenario is impossible, the test fails.
func Run(t *testing.T, s Scenario) (result Result) {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		// A test's own context ends after the bubble, which waits for all that it started: too
		// late.
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		w, err := newWorld(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		if !w.play(cancel) {
			w.tell(os.Stderr)
			panic("workers do not end: what waits for ever is among the goroutines of this bubble\n" + goroutines())
		}
		result = w.result
	})
	return result
}

// newWorld makes everything but the workers and people: they act from the first moment on.
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
		told: make(map[string]bool),
	}
	w.lookout = newLookout(w)
	// PortOne's clock is that of the bubble and its skew. Every call goes past the checks before it
	// is answered.
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
		w.portone.Inject(p.rules()...)
	}
	return w, nil
}

// stopWithin is how long workers may take to end, in virtual time. Their calls and lookups end
// long before.
const stopWithin = time.Hour

// goroutines returns what every goroutine waits for, cut at 4 MiB.
func goroutines() string {
	text := make([]byte, 4<<20)
	return string(text[:runtime.Stack(text, true)])
}

// play runs the scenario, and compares in the end. stop ends the workers. It reports false if
// they do not end.
func (w *world) play(stop context.CancelFunc) bool {
	for number := range w.workers {
		w.startWorker(number)
	}
	// Producers and people share a host: what they send meets the faults of the network, too.
	client := w.client(w.newHost(producerName))
	w.person = newPerson(client)
	var acting sync.WaitGroup
	w.produce(&acting)
	for _, f := range w.scenario.Faults {
		acting.Go(func() { w.happen(f) })
	}
	// From here on every fault is over, and [world.passBy] alone makes further requests.
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
	// All workers have ended: nothing changes while it is compared.
	w.check()
	client.Close()
	w.portone.end()
	w.redis.close()
	w.tellIfStuck()
	return true
}

// tellIfStuck writes what was found if a goroutine of the workers is left: the bubble ends with
// a panic then, before the caller could print the result.
func (w *world) tellIfStuck() {
	// Timers of goroutines that are about to end have fired by then.
	time.Sleep(stopWithin)
	synctest.Wait()
	own, others, _ := strings.Cut(goroutines(), "\n\n")
	bubble := regexp.MustCompile(`synctest bubble \d+`).FindString(own)
	for other := range strings.SplitSeq(others, "\n\n") {
		head, frames, _ := strings.Cut(other, "\n")
		if strings.Contains(head, bubble) && strings.Contains(frames, "receiptrevoker/worker") {
			w.tell(os.Stderr)
			return
		}
	}
}

// tell writes the scenario, and what was found.
func (w *world) tell(to io.Writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(to, "%s%s\n", w.scenario, strings.Join(w.result.Failures, "\n"))
}
