package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"receiptrevoker/bench/internal/loopback"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// outagePortOne is a pretend PortOne with many gateways, and what it has seen.
type outagePortOne struct {
	portone *iamporttest.Server
	server  *loopback.Server

	mu    sync.Mutex
	tasks map[string]*seen
	done  map[tasks.Gateway]int
	asked map[tasks.Gateway]int
	last  map[tasks.Gateway]time.Time // the last receipt was done
}

// seen is when something happened to a receipt.
type seen struct {
	asked, arrived, done time.Time
}

func newOutagePortOne() (*outagePortOne, error) {
	s := &outagePortOne{
		tasks: make(map[string]*seen), done: make(map[tasks.Gateway]int),
		asked: make(map[tasks.Gateway]int), last: make(map[tasks.Gateway]time.Time),
	}
	s.portone = iamporttest.New(iamporttest.Config{
		Latency: iamporttest.Latency{Median: outageLatency},
		Unknown: func(impUID string) (iamporttest.Receipt, bool) {
			return iamporttest.Receipt{PG: outageGateway(impUID)}, true
		},
		OnCall: s.arrived,
	})
	var err error
	if s.server, err = loopback.Serve(http.HandlerFunc(s.answer)); err != nil {
		return nil, fmt.Errorf("start the pretend PortOne: %w", err)
	}
	return s, nil
}

func (s *outagePortOne) close() {
	_ = s.portone.Close()
	s.server.Close()
}

func (s *outagePortOne) url() string { return s.server.URL }

// token returns the token that PortOne accepts.
func (s *outagePortOne) token(ctx context.Context) (string, error) {
	return (&simulator{url: s.server.URL}).token(ctx)
}

// outageImpUID returns the nth receipt of a gateway, and outageGateway the
// gateway of such a one.
func outageImpUID(pg tasks.Gateway, n int) string { return fmt.Sprintf("imp-%s-%d", pg, n) }

func outageGateway(impUID string) tasks.Gateway {
	pg, _, _ := strings.Cut(strings.TrimPrefix(impUID, "imp-"), "-")
	return tasks.Gateway(pg)
}

// ask returns the next receipt of a gateway, and notes that it is asked for.
func (s *outagePortOne) ask(pg tasks.Gateway) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	impUID := outageImpUID(pg, s.asked[pg])
	s.asked[pg]++
	s.tasks[impUID] = &seen{asked: time.Now()}
	return impUID
}

// arrived notes the first call for a receipt.
func (s *outagePortOne) arrived(call iamporttest.Call) {
	if call.Operation != iamporttest.OpRevoke {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tasks[call.ImpUID]; t != nil && t.arrived.IsZero() {
		t.arrived = time.Now()
	}
}

// answer lets PortOne answer, and notes which receipts are revoked by then.
func (s *outagePortOne) answer(w http.ResponseWriter, r *http.Request) {
	s.portone.ServeHTTP(w, r)
	impUID, ok := strings.CutPrefix(r.URL.Path, "/receipts/")
	if !ok {
		return
	}
	truth, _ := s.portone.Truth(impUID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tasks[impUID]; t != nil && truth.Revoked() && t.done.IsZero() {
		t.done = time.Now()
		s.done[truth.PG]++
		s.last[truth.PG] = t.done
	}
}

// state returns how gateways were served in a time: those receipts that were
// asked for in it, and those that were done in it.
func (s *outagePortOne) state(pgs []tasks.Gateway, from, to time.Time) state {
	s.mu.Lock()
	defer s.mu.Unlock()
	var waits []time.Duration
	done := 0
	for impUID, t := range s.tasks {
		if !slices.Contains(pgs, outageGateway(impUID)) {
			continue
		}
		if t.asked.After(from) && t.asked.Before(to) && !t.arrived.IsZero() {
			waits = append(waits, t.arrived.Sub(t.asked))
		}
		if t.done.After(from) && t.done.Before(to) {
			done++
		}
	}
	slices.Sort(waits)
	var found state
	if len(waits) > 0 {
		found.pickup = waits[len(waits)/2]
	}
	found.throughput = float64(done) / to.Sub(from).Seconds()
	return found
}

// waiting returns how many receipts of a gateway are asked for and not done.
func (s *outagePortOne) waiting(pg tasks.Gateway) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[pg] - s.done[pg]
}

// count returns how many receipts of a gateway are done.
func (s *outagePortOne) count(pg tasks.Gateway) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done[pg]
}

func (s *outagePortOne) lastDone(pg tasks.Gateway) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[pg]
}

// awaitDone waits until no receipt of a gateway is waiting.
func (s *outagePortOne) awaitDone(ctx context.Context, pg tasks.Gateway) error {
	for s.waiting(pg) > 0 {
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("%d receipts are still not revoked: %w", s.waiting(pg), err)
		}
	}
	return nil
}
