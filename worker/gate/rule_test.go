package gate_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// TestRule follows a gate that closes at twelve receipts through sequences of what
// happens at two processes in turn:
//
//	F  a call for a receipt fails that never failed before
//	f  a call for a receipt fails that first failed long ago
//	s  a call succeeds
//	i  a call succeeds that was in flight from the beginning
//	h  a call fails, in flight from the beginning, for a receipt revoked by hand before
//	T  ten minutes pass
//	C  the gate's patience passes with probes that fail
//
// A number repeats what follows it: 9F is FFFFFFFFF. The gate is seen in the end, with
// 08:41 for whatever time it tells.
func TestRule(t *testing.T) {
	t.Parallel()
	for sequence, want := range map[string]string{
		"":             "open",
		"11F":          "open",
		"12F":          "closed: 12 different receipts failed and none has succeeded (pg_failure)",
		"11Fs11F":      "open",
		"11Fs12F":      "closed: 12 different receipts failed since the last success at 08:41 UTC (pg_failure)",
		"s60f":         "open",
		"s11F60f":      "open",
		"s11F60fF":     "closed: 12 different receipts failed since the last success at 08:41 UTC (pg_failure)",
		"11f":          "open",
		"12f":          "closed: 12 different receipts failed and none has succeeded (pg_failure)", // so they are no suspects
		"6Fs6F":        "open",
		"9FT":          "open", // nothing is decided without a call
		"s9FTf":        "open", // nine are worth all their attempts
		"9FTF":         "closed: 10 different receipts failed and none has succeeded (pg_failure)",
		"10FTf":        "closed: 11 different receipts failed and none has succeeded (pg_failure)",
		"s10F10f":      "open",
		"9FsTF":        "open",
		"s10FTf":       "closed: 10 different receipts failed since the last success at 08:41 UTC (pg_failure)",
		"12Fi":         "open",
		"12Fi11F":      "open",
		"12Fi12F":      "open", // so short a closing was wrong: now it takes twice as many
		"12Fi24F":      "closed: 24 different receipts failed since the last success at 08:41 UTC (pg_failure)",
		"12Fi24Fi47F":  "open",
		"12FiT12F":     "closed: 12 different receipts failed since the last success at 08:41 UTC (pg_failure)",
		"12FTi12F":     "closed: 12 different receipts failed since the last success at 08:41 UTC (pg_failure)",
		"11Fh11F":      "open",
		"12Fh":         "open",
		"s11Fh12F":     "closed: 12 different receipts failed since the last success at 08:41 UTC (pg_failure)",
		"s10fTf":       "open",
		"s11fTf":       "closed: 12 calls failed, and nothing has succeeded for ten minutes",
		"s12fThf":      "closed: 12 calls failed, and nothing has succeeded for ten minutes",
		"s6F5fTf":      "closed: 12 calls failed, and nothing has succeeded for ten minutes",
		"s11fTsf":      "open",
		"12F9T":        "closed: 12 different receipts failed and none has succeeded (pg_failure)",
		"12FC":         "waived",
		"12FC99F":      "waived",
		"12FC99Fs":     "open",
		"12FC99Fs12F":  "closed: 12 different receipts failed since the last success at 08:41 UTC (pg_failure)",
		"10FTfC20Fs9F": "open",
		"12FCs12F":     "closed: 12 different receipts failed since the last success at 08:41 UTC (pg_failure)",
	} {
		t.Run("after "+sequence, func(t *testing.T) {
			t.Parallel()
			newSequence(t).follow(t, sequence, want)
		})
	}
}

// sequence is two processes on a Redis whose clock stands still.
type sequence struct {
	server    *miniredis.Miniredis
	client    *redis.Client
	now       time.Time
	gateway   *gateway
	processes []*process
	inFlight  *gate.Call
	receipts  int
}

func newSequence(t *testing.T) *sequence {
	s := &sequence{
		server: miniredis.RunT(t), now: time.Date(2026, 11, 26, 8, 41, 0, 0, time.UTC), gateway: &gateway{},
	}
	s.server.SetTime(s.now)
	s.client = redis.NewClient(&redis.Options{Addr: s.server.Addr()})
	t.Cleanup(func() { _ = s.client.Close() })
	config := gate.Config{Receipts: 12, Patience: 20 * time.Minute}
	for _, name := range []string{"a", "b"} {
		s.processes = append(s.processes, start(t, s.client, name, s.gateway, config))
	}
	var err error
	if s.inFlight, err = s.processes[0].Enter(t.Context(), tasks.KCP, bulk(tasks.KCP)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sequence) follow(t *testing.T, sequence, want string) {
	times := 0
	for _, c := range sequence {
		if c >= '0' && c <= '9' {
			times = 10*times + int(c-'0')
			continue
		}
		for range max(times, 1) {
			s.step(t, c)
		}
		times = 0
	}
	if got := s.shown(t); got != want {
		t.Errorf("the gate is %s, want it %s", got, want)
	}
}

var clock = regexp.MustCompile(`\d\d:\d\d`)

// shown says how the gate stands.
func (s *sequence) shown(t *testing.T) string {
	switch is := state(t, s.client, gate.Of(tasks.KCP)); {
	case is.Closed:
		return "closed: " + clock.ReplaceAllString(is.Reason, "08:41")
	case is.Waived:
		return "waived"
	}
	return "open"
}

func (s *sequence) step(t *testing.T, c rune) {
	t.Helper()
	s.receipts++
	s.pass(t, time.Second) // more than the processes' clocks go on meanwhile
	p := s.processes[s.receipts%2]
	result := gate.Result{ImpUID: fmt.Sprint("imp_", s.receipts), Signs: pgFailed}
	if c == 'f' {
		result.Since = time.Unix(1, 0)
	}
	switch c {
	case 'T':
		s.pass(t, 10*time.Minute)
		return
	case 'C':
		eventually(t, "the gate is waived", func() bool {
			s.pass(t, 2*time.Minute)
			return strings.HasPrefix(s.shown(t), "waived")
		})
		return
	case 's', 'i':
		result.Signs = answered
	case 'h':
		result.Signs = gate.Signs{Gateway: gate.RevokedBefore, PortOne: gate.Answered}
	}
	call := s.inFlight
	if c != 'i' && c != 'h' {
		eventually(t, "the call is let through", func() (through bool) {
			var err error
			call, err = p.Enter(t.Context(), tasks.KCP, bulk(tasks.KCP))
			return err == nil
		})
	}
	if err := call.Report(t.Context(), result); err != nil {
		t.Fatal(err)
	}
	if c == 's' || c == 'i' {
		eventually(t, "the gate knows of it", func() bool {
			is := state(t, s.client, gate.Of(tasks.KCP))
			return is.Failed == 0 && !is.Closed && !is.Waived
		})
	}
}

// pass lets time pass on the clock of Redis, of which all processes hear.
func (s *sequence) pass(t *testing.T, d time.Duration) {
	t.Helper()
	s.now = s.now.Add(d)
	s.server.SetTime(s.now)
	for _, p := range s.processes {
		if _, err := p.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
