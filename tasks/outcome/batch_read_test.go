package outcome_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
)

// clocked returns a store on a Redis whose clock the test sets.
func clocked(t *testing.T) (s *outcome.Store, client *redis.Client, set func(time.Time)) {
	t.Helper()
	server := miniredis.RunT(t)
	client = redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	server.SetTime(noon)
	return newStore(client), client, server.SetTime
}

func TestNewestBatchesAreTheLastStarted(t *testing.T) {
	t.Parallel()
	s, _, set := clocked(t)
	for i, name := range []string{"a", "b", "c"} {
		set(noon.Add(time.Duration(i) * time.Minute))
		if _, err := askRows(t.Context(), s, name, 1, "imp_1"); err != nil {
			t.Fatal(err)
		}
	}
	for most, want := range map[int]string{0: "", 1: "c", 2: "cb", 9: "cba"} {
		batches, err := s.NewestBatches(t.Context(), most)
		got := ""
		for _, b := range batches {
			got += b.Name
		}
		if got != want || err != nil {
			t.Errorf("the newest %d: %s, %v; want %s", most, got, err, want)
		}
	}
	all, err := s.Batches(t.Context())
	if err != nil || len(all) != 3 || !all[0].StartedAt.Equal(noon.Add(2*time.Minute)) {
		t.Errorf("got %+v, %v; want three, the first of them started two minutes past noon", all, err)
	}
}

// How fast a batch goes is told from the last 10 to 20 seconds by Redis' clock.
func TestRateOfABatch(t *testing.T) {
	t.Parallel()
	s, _, set := clocked(t)
	names := []string{"imp_1", "imp_2", "imp_3", "imp_4", "imp_5", "imp_6"}
	if _, err := askRows(t.Context(), s, "a", 1, names...); err != nil {
		t.Fatal(err)
	}
	for i, impUID := range names[:5] {
		set(noon.Add(time.Duration(i+1) * 5 * time.Second))
		end(t, s, impUID, revoked)
	}
	b := batch(t, s, "a") // 25 s past noon; three ended since 10 s past
	if left, known := b.Left(); b.Rate < 0.19 || b.Rate > 0.21 || !known || left != 5*time.Second {
		t.Errorf("%v a second, %v left; want one in five seconds", b.Rate, left)
	}
}

// TestBatchNames would let a name break out of its key, or two names that look the same be two batches.
func TestBatchNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"2026-11_환불.v2": true, strings.Repeat("가", 64): true, strings.Repeat("가", 65): false, "": false,
		"a b": false, "a:b": false, "{a}": false, "a\n": false, "a\xff": false, "a\ufffd": false, "\u1100\u1161": false,
	} {
		if err := outcome.ValidateBatchName(name); (err == nil) != want {
			t.Errorf("%q: %v, want accepted %t", name, err, want)
		}
	}
}
