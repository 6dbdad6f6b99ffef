// Package portone is a simulated PortOne that notes when what happened to each receipt. It runs in
// the process that measures, so that its CPU time is no part of what is measured.
package portone

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"receiptrevoker/bench/internal/loopback"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// Server is a PortOne and what it has seen of the receipts that were asked for. Its times are by this
// process's clock, as are those at which receipts were asked for, so that they can be subtracted.
type Server struct {
	// URL is where it serves.
	URL string
	// Simulated is the PortOne that answers. A rule for it goes through [Server.Inject] where
	// [Seen.Fails] matters.
	Simulated *iamporttest.Server

	server *loopback.Server

	mu       sync.Mutex
	receipts map[string]*Seen
	issued   int
}

// Seen is a receipt and when what happened to it. A zero time says that it has not happened.
type Seen struct {
	PG     tasks.Gateway
	Asked  time.Time // for
	Called time.Time // when the first DELETE arrived
	Done   time.Time // when the first call was answered after which it is revoked
	Fails  bool      // whether every DELETE fails
}

// Open reports whether the receipt is to be revoked and is not. One that fails for ever is never open:
// no measurement could wait for it.
func (s Seen) Open() bool { return s.Done.IsZero() && !s.Fails }

// Start starts a PortOne that behaves as cfg says; cfg.OnCall is overwritten. The caller closes it.
func Start(cfg iamporttest.Config) (*Server, error) {
	s := &Server{receipts: make(map[string]*Seen)}
	cfg.OnCall = s.arrived
	s.Simulated = iamporttest.New(cfg)
	var err error
	if s.server, err = loopback.Serve(http.HandlerFunc(s.answer)); err != nil {
		return nil, fmt.Errorf("start the simulated PortOne: %w", err)
	}
	s.URL = s.server.URL
	return s, nil
}

// Close ends every call, also one that hangs by a rule, and stops serving.
func (s *Server) Close() {
	_ = s.Simulated.Close()
	s.server.Close()
}

// Token returns a token that PortOne accepts, for a contender that obtains none by itself.
func (s *Server) Token() (string, error) {
	credentials := url.Values{"imp_key": {iamporttest.DefaultKey}, "imp_secret": {iamporttest.DefaultSecret}}
	response, err := http.PostForm(s.URL+"/users/getToken", credentials)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Response struct {
			AccessToken string `json:"access_token"`
		} `json:"response"`
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	return answer.Response.AccessToken, err
}

// Issue issues a receipt under a new imp_uid and returns the request for its revocation. The imp_uids
// count from 0 in the order of the calls, by which bench/river knows them too.
func (s *Server) Issue(r iamporttest.Receipt) tasks.Revocation {
	s.mu.Lock()
	r.ImpUID = fmt.Sprintf("imp_%012d", s.issued)
	s.issued++
	s.mu.Unlock()
	s.Simulated.Issue(r)
	return tasks.Revocation{ImpUID: r.ImpUID, PG: r.PG}
}

// IssueMany issues so many receipts of a gateway.
func (s *Server) IssueMany(pg tasks.Gateway, count int) []tasks.Revocation {
	list := make([]tasks.Revocation, count)
	for i := range list {
		list[i] = s.Issue(iamporttest.Receipt{PG: pg})
	}
	return list
}

// Ask notes that receipts are asked for now, and which of them fail by the rules in force. It does not
// ask a producer for anything: see scene.Ask.
func (s *Server) Ask(list ...tasks.Revocation) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range list {
		s.receipts[r.ImpUID] = &Seen{PG: r.PG, Asked: now, Fails: s.Fails(r.ImpUID)}
	}
}

// Inject adds a rule and notes which receipts fail by it, those included that were asked for before and
// are not revoked.
func (s *Server) Inject(rule iamporttest.Rule) {
	s.Simulated.Inject(rule)
	s.mu.Lock()
	defer s.mu.Unlock()
	for impUID, seen := range s.receipts {
		truth, _ := s.Simulated.Truth(impUID)
		seen.Fails = !truth.Revoked() && s.Fails(impUID)
	}
}

// Fails reports whether a rule makes every DELETE for a receipt fail: one about a share of the
// receipts, whose calls all meet it. By a rule about a share of the calls a later one may pass.
func (s *Server) Fails(impUID string) bool {
	return slices.ContainsFunc(s.Simulated.RulesAbout(impUID), func(r iamporttest.Rule) bool {
		return r.Receipts > 0 && r.Percent == 0
	})
}

// arrived notes the first DELETE for a receipt. It reads the clock itself: the call's own time has no
// monotonic reading, by which a difference is right even if the machine's clock is set meanwhile.
func (s *Server) arrived(call iamporttest.Call) {
	if call.Operation != iamporttest.OpRevoke {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen := s.receipts[call.ImpUID]; seen != nil && seen.Called.IsZero() {
		seen.Called = time.Now()
	}
}

// answer passes a call to PortOne, and notes whether its receipt is revoked by then.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	if impUID, ok := strings.CutPrefix(r.URL.Path, "/receipts/"); ok {
		// note also runs where PortOne cuts the connection, which it does by a panic: the DELETE may
		// have taken effect.
		defer s.note(impUID)
	}
	s.Simulated.ServeHTTP(w, r)
}

// note sets when a receipt was done, with the first call after which it is revoked, be it a lookup.
func (s *Server) note(impUID string) {
	truth, _ := s.Simulated.Truth(impUID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen := s.receipts[impUID]; seen != nil && truth.Revoked() && seen.Done.IsZero() {
		seen.Done = time.Now()
	}
}

// Each calls f with every receipt that was asked for, in no order. f runs under the server's lock: it
// must not call the server.
func (s *Server) Each(f func(impUID string, seen Seen)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for impUID, seen := range s.receipts {
		f(impUID, *seen)
	}
}

// Those returns the requests for the receipts for which such is true, in no order.
func (s *Server) Those(such func(Seen) bool) (list []tasks.Revocation) {
	s.Each(func(impUID string, seen Seen) {
		if such(seen) {
			list = append(list, tasks.Revocation{ImpUID: impUID, PG: seen.PG})
		}
	})
	return list
}

// LastDone returns when the last receipt of a gateway was done, or the zero time if none was.
func (s *Server) LastDone(pg tasks.Gateway) (last time.Time) {
	s.Each(func(_ string, seen Seen) {
		if seen.PG == pg && seen.Done.After(last) {
			last = seen.Done
		}
	})
	return last
}

// Deletes returns how many DELETEs arrived for receipts, and the most for one of them, successful or
// not.
func (s *Server) Deletes(list []tasks.Revocation) (all, most int) {
	for _, r := range list {
		truth, _ := s.Simulated.Truth(r.ImpUID)
		all += truth.Deletes
		most = max(most, truth.Deletes)
	}
	return all, most
}

// Once returns an error unless there was one DELETE for each receipt that was asked for, each
// successful, and no other call but those for a token: anything else would have been measured as well.
func (s *Server) Once() error {
	stats, expected := s.Simulated.Stats(), len(s.receipts)
	calls := maps.Clone(stats.Calls)
	delete(calls, iamporttest.OpToken)
	if stats.Revoked == expected && len(calls) == 1 && stats.Total(iamporttest.OpRevoke) == expected {
		return nil
	}
	return fmt.Errorf("the run is void: %d DELETEs and nothing else were expected, PortOne counted %+v", expected, stats)
}
