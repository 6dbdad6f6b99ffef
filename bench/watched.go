package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"receiptrevoker/bench/internal/loopback"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// watched is a simulated PortOne with many gateways, and what it has seen of the
// receipts that were asked for.
type watched struct {
	portone *iamporttest.Server
	server  *loopback.Server

	mu       sync.Mutex
	receipts map[string]*seen
	numbers  map[tasks.Gateway]int // receipts that next has made
}

// seen is a receipt and when what happened to it. No DELETE revokes one that
// fails.
type seen struct {
	pg                   tasks.Gateway
	asked, arrived, done time.Time
	fails                bool
}

// startWatched starts a PortOne that behaves as cfg says. The caller closes it.
func startWatched(cfg iamporttest.Config) (*watched, error) {
	s := &watched{receipts: make(map[string]*seen), numbers: make(map[tasks.Gateway]int)}
	cfg.OnCall = s.arrived
	s.portone = iamporttest.New(cfg)
	var err error
	if s.server, err = loopback.Serve(http.HandlerFunc(s.answer)); err != nil {
		return nil, fmt.Errorf("start the simulated PortOne: %w", err)
	}
	return s, nil
}

func (s *watched) close() {
	_ = s.portone.Close()
	s.server.Close()
}

func (s *watched) url() string { return s.server.URL }

// token returns the token that PortOne accepts.
func (s *watched) token(ctx context.Context) (string, error) {
	return (&simulator{url: s.server.URL}).token(ctx)
}

// next issues another receipt of a gateway and returns its imp_uid.
func (s *watched) next(pg tasks.Gateway) string { return s.issue(iamporttest.Receipt{PG: pg}) }

// issue issues a receipt under a new imp_uid, which it returns.
func (s *watched) issue(r iamporttest.Receipt) string {
	s.mu.Lock()
	r.ImpUID = fmt.Sprintf("imp-%s-%d", r.PG, s.numbers[r.PG])
	s.numbers[r.PG]++
	s.mu.Unlock()
	s.portone.Issue(r)
	return r.ImpUID
}

// ask notes that receipts of a gateway are asked for now, and which of them fail
// by the rules in force.
func (s *watched) ask(pg tasks.Gateway, impUIDs ...string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, impUID := range impUIDs {
		s.receipts[impUID] = &seen{pg: pg, asked: now, fails: s.fails(impUID)}
	}
}

// inject adds a rule and notes which receipts fail by it, those included that
// were asked for before and are not revoked.
func (s *watched) inject(rule iamporttest.Rule) {
	s.portone.Inject(rule)
	s.mu.Lock()
	defer s.mu.Unlock()
	for impUID, t := range s.receipts {
		truth, _ := s.portone.Truth(impUID)
		t.fails = !truth.Revoked() && s.fails(impUID)
	}
}

// fails reports whether a rule makes every DELETE for a receipt fail.
func (s *watched) fails(impUID string) bool {
	return slices.ContainsFunc(s.portone.RulesAbout(impUID), func(r iamporttest.Rule) bool {
		return r.Receipts > 0 && r.Percent == 0
	})
}

// arrived notes the first DELETE for a receipt.
func (s *watched) arrived(call iamporttest.Call) {
	if call.Operation != iamporttest.OpRevoke {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.receipts[call.ImpUID]; t != nil && t.arrived.IsZero() {
		t.arrived = time.Now()
	}
}

// answer passes a call to PortOne, and notes which receipts are revoked by then.
func (s *watched) answer(w http.ResponseWriter, r *http.Request) {
	defer s.note(r.URL.Path) // also where PortOne cuts the connection
	s.portone.ServeHTTP(w, r)
}

// note notes that the receipt of a path is done, if it is revoked.
func (s *watched) note(path string) {
	impUID, ok := cutReceipt(path)
	if !ok {
		return
	}
	truth, _ := s.portone.Truth(impUID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.receipts[impUID]; t != nil && truth.Revoked() && t.done.IsZero() {
		t.done = time.Now()
	}
}
