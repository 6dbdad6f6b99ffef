package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"receiptrevoker/bench/internal/loopback"
	"receiptrevoker/worker/iamport/iamporttest"
)

// simulator is a simulated PortOne in this process, so that its CPU time is not
// the worker's.
type simulator struct {
	url string
	// arrivals brings each DELETE at the moment it arrived.
	arrivals chan arrival
	// done is closed when as many DELETEs as are expected have been answered.
	done chan struct{}

	portone  *iamporttest.Server
	server   *loopback.Server
	expected int

	mu          sync.Mutex
	first, last time.Time // the first arrival, and the end of the last answer
	answered    int
}

// arrival is a DELETE that arrived.
type arrival struct {
	impUID string
	at     time.Time
}

// startSimulator starts a PortOne that takes latency for each answer and has a
// receipt for each imp_uid. The caller closes it.
func startSimulator(latency time.Duration, expected int) (*simulator, error) {
	s := &simulator{expected: expected, arrivals: make(chan arrival, expected), done: make(chan struct{})}
	s.portone = iamporttest.New(iamporttest.Config{
		Latency: iamporttest.Latency{Median: latency},
		Unknown: func(string) (iamporttest.Receipt, bool) { return iamporttest.Receipt{PG: gateway}, true },
		OnCall:  s.arrived,
	})
	var err error
	if s.server, err = loopback.Serve(http.HandlerFunc(s.answer)); err != nil {
		return nil, fmt.Errorf("start the simulated PortOne: %w", err)
	}
	s.url = s.server.URL
	return s, nil
}

func (s *simulator) close() {
	_ = s.portone.Close()
	s.server.Close()
}

// arrived notes a call. Its own clock has a monotonic reading, that of the call
// has none.
func (s *simulator) arrived(call iamporttest.Call) {
	if call.Operation != iamporttest.OpRevoke {
		return
	}
	now := time.Now()
	s.mu.Lock()
	if s.first.IsZero() {
		s.first = now
	}
	s.mu.Unlock()
	select {
	case s.arrivals <- arrival{call.ImpUID, now}:
	default: // more than expected, of which check tells
	}
}

// answer passes a call to PortOne, and notes when it has answered.
func (s *simulator) answer(w http.ResponseWriter, r *http.Request) {
	s.portone.ServeHTTP(w, r)
	if r.Method != http.MethodDelete {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	if s.answered++; s.answered == s.expected {
		close(s.done)
	}
}

// span returns the time from the first DELETE's arrival to the last one's
// answer.
func (s *simulator) span() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.Sub(s.first)
}

// check returns an error unless there was one DELETE for each revocation, each
// successful, and no other call but those for a token: anything else would have
// been measured as well.
func (s *simulator) check() error {
	stats := s.portone.Stats()
	calls := maps.Clone(stats.Calls)
	delete(calls, iamporttest.OpToken)
	if stats.Revoked == s.expected && len(calls) == 1 && stats.Total(iamporttest.OpRevoke) == s.expected {
		return nil
	}
	return fmt.Errorf("the run is void: %d DELETEs and nothing else were expected, PortOne counted %+v", s.expected, stats)
}

// token returns the token that PortOne accepts.
func (s *simulator) token(ctx context.Context) (string, error) {
	body := fmt.Sprintf(`{"imp_key":%q,"imp_secret":%q}`, iamporttest.DefaultKey, iamporttest.DefaultSecret)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/users/getToken", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Response struct {
			AccessToken string `json:"access_token"`
		} `json:"response"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("read the token of the simulated PortOne: %w", err)
	}
	return answer.Response.AccessToken, nil
}
