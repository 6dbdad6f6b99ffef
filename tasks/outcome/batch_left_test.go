package outcome_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

func TestTimeLeftIsThatOfWhatMoves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		open, held int
		rate       float64
		want       time.Duration
		known      bool
	}{
		"nothing open":      {0, 0, 0, 0, true},
		"all moves":         {100, 0, 10, 10 * time.Second, true},
		"half is held":      {100, 50, 10, 5 * time.Second, true},
		"all is held":       {100, 100, 10, 0, false},
		"more held than is": {100, 101, 10, 0, false},
		"nothing ends":      {100, 0, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left, known := outcome.Batch{Open: test.open, Held: test.held, Rate: test.rate}.Left()
			if left != test.want || known != test.known {
				t.Errorf("got %v, %t; want %v, %t", left, known, test.want, test.known)
			}
		})
	}
}

func TestOpenOfTellsTheGatewaysOfWhatIsOpen(t *testing.T) {
	t.Parallel()
	b := outcome.Batch{Gateways: map[tasks.Gateway]outcome.GatewayCount{
		tasks.KCP:  {Asked: 10, Revoked: 3, Dead: 2},
		tasks.Nice: {Asked: 10, Revoked: 9, Dead: 1},
		"":         {Asked: 1},
	}}
	if diff := cmp.Diff(map[tasks.Gateway]int{tasks.KCP: 5, "": 1}, b.OpenOf()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is cancelled ends as lookups tell, and not as fast as calls did.
func TestNoTimeIsLeftOfACancelledBatch(t *testing.T) {
	t.Parallel()
	if left, known := (outcome.Batch{Open: 9, Rate: 3, CancelledAt: noon}).Left(); known {
		t.Errorf("got %v, want none", left)
	}
}

// Who reads an outcome sees that it was cancelled, unless it is revoked.
func TestOutcomesTellWhatIsWithdrawn(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		for _, impUID := range []string{"imp_queued", "imp_open"} {
			if _, err := s.Ask(ctx, tasks.Revocation{ImpUID: impUID}); err != nil {
				t.Fatal(err)
			}
		}
		end(t, s, "imp_called", retrying)
		end(t, s, "imp_dead", dead)
		end(t, s, "imp_revoked", revoked)
		if _, err := s.Cancel(ctx, []string{"imp_queued", "imp_called", "imp_dead", "imp_revoked"}, false); err != nil {
			t.Fatal(err)
		}
		for impUID, want := range map[string]bool{
			"imp_queued": true, "imp_called": true, "imp_dead": true, "imp_revoked": false, "imp_open": false,
		} {
			o, err := s.Get(ctx, impUID)
			if err != nil || o.Withdrawn != want {
				t.Errorf("%s: got %+v, %v; want withdrawn: %t", impUID, o, err, want)
			}
			text, err := o.MarshalJSON()
			if err != nil || strings.Contains(string(text), `"withdrawn":true`) != want {
				t.Errorf("%s, %v; want withdrawn: %t", text, err, want)
			}
		}
	})
}

// A batch that stands still has no rate, however fast it was before: no time left follows
// from it. One that is slow has.
func TestRateEndsWhenNothingEnds(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		for name, test := range map[string]struct {
			before, still time.Duration // since the earlier point, and since the last change
			done          int
			moves         bool
		}{
			"fast":               {15 * time.Second, time.Second, 1000, true},
			"fast, then nothing": {15 * time.Second, 4 * time.Second, 1000, false},
			"one in two seconds": {15 * time.Second, 5 * time.Second, 7, true},
			"one in 30 seconds":  {60 * time.Second, 29 * time.Second, 2, true},
			"slow, then nothing": {10 * time.Minute, 4 * time.Minute, 10, false},
		} {
			ago := func(d time.Duration) time.Time { return time.Now().Add(-d).UTC() }
			client.Del(t.Context(), "{receipt}:batch:b")
			client.HSet(t.Context(), "{receipt}:batch:b", "queued:kcp", 100_000, "revoked:revoked:kcp", test.done,
				"started_at", ago(time.Hour).Format(time.RFC3339), "changed_at", ago(test.still).Format(time.RFC3339Nano),
				"before_at", ago(test.before).UnixMilli(), "before_done", 0)
			b, err := outcome.NewStore(client, outcome.Config{}).Batch(t.Context(), "b")
			if err != nil || b.Rate > 0 != test.moves {
				t.Errorf("%s: got %v a second, %v; want it to move: %t", name, b.Rate, err, test.moves)
			}
		}
	})
}
