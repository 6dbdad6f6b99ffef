package outcome_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
)

// askRows asks for imp_uids in a batch, from the given row on, and returns the kinds.
func askRows(ctx context.Context, s *outcome.Store, name string, first int, impUIDs ...string) (string, error) {
	rows, requests := make([]outcome.Row, len(impUIDs)), make([]tasks.Revocation, len(impUIDs))
	for i, impUID := range impUIDs {
		copy(rows[i].Digest[:], impUID[4:]+"    ")
		requests[i] = tasks.Revocation{ImpUID: impUID, PG: tasks.KCP, Batch: name, Row: first + i}
	}
	asked, err := s.AskRows(ctx, name, "list.csv", first, rows, requests)
	kinds := ""
	for _, a := range asked {
		kinds += string(a.Kind)
		if a.Enqueue {
			kinds += "+"
		}
		if a.Before {
			kinds += "b"
		}
	}
	return kinds, err
}

func batch(t *testing.T, s *outcome.Store, name string) outcome.Batch {
	t.Helper()
	b, err := s.Batch(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantFigures wants that a batch counts so many.
func wantFigures(t *testing.T, s *outcome.Store, name, want string) {
	t.Helper()
	b := batch(t, s, name)
	got := fmt.Sprintf("%d lines: %d queued %d elsewhere %d repeated %d invalid; %d revoked %d dead %d open",
		b.Lines, b.Queued, b.Elsewhere, b.Repeated, b.Invalid, b.Revoked, b.Dead, b.Open)
	if got != want {
		t.Errorf("%s has %s, want %s", name, got, want)
	}
}

func TestRowsAreRecordedOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		if _, err := s.Ask(ctx, tasks.Revocation{ImpUID: "imp_2", PG: tasks.KCP}); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"q+eq+", "qbebqb"} {
			if got, err := askRows(ctx, s, "a", 1, "imp_1", "imp_2", "imp_3"); got != want || err != nil {
				t.Errorf("time %d: %q, %v, want %q", i+1, got, err, want)
			}
		}
		if got, err := askRows(ctx, s, "a", 4, "imp_1", "imp_4"); got != "rq+" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		wantFigures(t, s, "a", "5 lines: 3 queued 1 elsewhere 1 repeated 0 invalid; 0 revoked 0 dead 4 open")
		var other *outcome.OtherListError
		if _, err := askRows(ctx, s, "a", 3, "imp_3", "imp_9"); !errors.As(err, &other) || other.Row != 4 {
			t.Errorf("another list: %v", err)
		}
		if err := s.CompleteBatch(ctx, "a", 4); !errors.As(err, &other) || other.Rows != 5 {
			t.Errorf("a shorter list: %v", err)
		}
		if err := s.CompleteBatch(ctx, "a", 5); err != nil {
			t.Error(err)
		}
		if _, err := askRows(ctx, s, "a", 5, "imp_4", "imp_5"); !errors.As(err, &other) || other.Rows != 5 {
			t.Errorf("a longer list: %v", err)
		}
		if _, err := askRows(ctx, s, "b", 5, "imp_4"); !errors.Is(err, outcome.ErrNoBatch) {
			t.Errorf("no batch: %v", err)
		}
		for _, impUID := range []string{"imp_1", "imp_2", "imp_3", "imp_4"} {
			a, err := s.Begin(ctx, tasks.Revocation{ImpUID: impUID}, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Finish(ctx, a, outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonRevoked}); err != nil {
				t.Fatal(err)
			}
		}
		if b := batch(t, s, "a"); b.Open != 0 || !b.Finished() || b.Gateways[tasks.KCP].Revoked != 4 {
			t.Errorf("%+v", b)
		}
		if got, err := askRows(ctx, s, "c", 1, "imp_1"); got != "e" || err != nil || batch(t, s, "c").Revoked != 1 {
			t.Errorf("what has ended: %q, %v, %+v", got, err, batch(t, s, "c"))
		}
	})
}

// Recording that fails on a key of another type names its imp_uid, and goes on once that is
// mended.
func TestRecordingNamesWhatIsCorrupt(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		for batch, key := range map[string]string{"a": "{receipt}:outcome:imp_2", "b": "{receipt}:request:imp_5"} {
			impUIDs := map[string][]string{"a": {"imp_1", "imp_2", "imp_3"}, "b": {"imp_4", "imp_5", "imp_6"}}[batch]
			client.Set(ctx, key, "x", 0)
			_, err := askRows(ctx, s, batch, 1, impUIDs...)
			if !redisfault.Corrupt(err) || !strings.HasSuffix(err.Error(), ": "+impUIDs[1]) {
				t.Errorf("got %v, want an error that names %s", err, impUIDs[1])
			}
			client.Del(ctx, key)
			if got, err := askRows(ctx, s, batch, 1, impUIDs...); got != "qq+q+" || err != nil {
				t.Errorf("once it is mended: %q, %v", got, err)
			}
		}
	})
}

// A cancelled batch ends but for what somebody else asks for.
func TestBatchIsCancelled(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		if _, err := askRows(ctx, s, "a", 1, "imp_1", "imp_2", "imp_3", "imp_4"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ask(ctx, tasks.Revocation{ImpUID: "imp_2"}); err != nil {
			t.Fatal(err)
		}
		if _, err := askRows(ctx, s, "b", 1, "imp_3"); err != nil {
			t.Fatal(err)
		}
		a, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_4"}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		cancel := func(dry bool) (found []string) {
			for page, err := range s.CancelOpen(ctx, "a", dry) {
				if err != nil {
					t.Fatal(err)
				}
				for i, impUID := range page.ImpUIDs {
					found = append(found, impUID+" "+string(page.Withdrawals[i]))
				}
			}
			slices.Sort(found)
			return found
		}
		want := []string{"imp_1 withdrawn", "imp_2 wanted", "imp_3 wanted", "imp_4 running"}
		if got := cancel(true); !slices.Equal(got, want) {
			t.Errorf("dry: %q", got)
		}
		wantFigures(t, s, "a", "4 lines: 4 queued 0 elsewhere 0 repeated 0 invalid; 0 revoked 0 dead 4 open")
		if err := s.MarkCancelled(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		if got := cancel(false); !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
		if _, err := askRows(ctx, s, "a", 5, "imp_5"); !errors.Is(err, outcome.ErrCancelled) {
			t.Errorf("one line more: %v", err)
		}
		if err := s.MarkCancelled(ctx, "b"); err != nil {
			t.Fatal(err)
		}
		begun, err := s.Begin(ctx, tasks.Revocation{ImpUID: "imp_3"}, time.Minute)
		if err != nil || !begun.Withdrawn {
			t.Errorf("once all batches are cancelled it is %+v, %v", begun, err)
		}
		if _, err := s.Finish(ctx, a, outcome.Outcome{
			Status: outcome.Retrying, Reason: outcome.ReasonPGFailure,
			NextAttemptAt: time.Now().Add(time.Hour),
		}); err != nil {
			t.Fatal(err)
		}
		open, _, err := s.Overdue(ctx, 0, 10)
		i := slices.IndexFunc(open, func(o outcome.Open) bool { return o.ImpUID == "imp_4" })
		if err != nil || i < 0 || !open[i].Withdrawn {
			t.Errorf("after its attempt it is not due: %+v, %v", open, err)
		}
		for _, impUID := range []string{"imp_1", "imp_4"} {
			a, err := s.Begin(ctx, tasks.Revocation{ImpUID: impUID}, time.Minute)
			if err != nil || !a.Withdrawn {
				t.Fatalf("%+v, %v", a, err)
			}
			if _, err := s.Finish(ctx, a, outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn}); err != nil {
				t.Fatal(err)
			}
		}
		if b := batch(t, s, "a"); b.Dead != 2 || b.Open != 2 || b.Reasons[outcome.ReasonWithdrawn] != 2 || b.Finished() {
			t.Errorf("%+v", b)
		}
	})
}

// TestLongListIsRecordedLikeAnyOther asks for so many lines in one step that nothing is
// known of most, and something of few: requested before, repeated, or of another receipt.
func TestLongListIsRecordedLikeAnyOther(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
		const lines = 350
		rows, requests := make([]outcome.Row, lines), make([]tasks.Revocation, lines)
		want, open := make([]string, lines), lines
		for i := range lines {
			requests[i] = tasks.Revocation{ImpUID: fmt.Sprintf("imp_%d", i), PG: tasks.KCP, Batch: "a", Row: i + 1}
			rows[i].Digest[0] = byte(i)
			want[i] = "q+"
		}
		for _, i := range []int{3, 104, 349} { // the second hundred, and not the third, has one
			if _, err := s.Ask(ctx, requests[i]); err != nil {
				t.Fatal(err)
			}
			want[i] = "e"
		}
		rows[210].Kind, want[210] = outcome.KindRepeated, "r"
		rows[220].Kind, want[220] = outcome.KindInvalid, "i"
		rows[221].Kind, want[221] = outcome.KindInvalid, "i"
		requests[230].ApplyNum, requests[231].ApplyNum = "1", "2" // of one imp_uid
		requests[231].ImpUID, want[231] = requests[230].ImpUID, "i"
		open -= 4
		asked, err := s.AskRows(ctx, "a", "list.csv", 1, rows, requests)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range asked {
			got := string(a.Kind)
			if a.Enqueue {
				got += "+"
			}
			if got != want[i] || a.Other != (i == 231) {
				t.Errorf("row %d: %q, another receipt %v; want %q", i+1, got, a.Other, want[i])
			}
		}
		if got := client.ZCard(ctx, "{receipt}:open").Val(); got != int64(open) {
			t.Errorf("%d are open, want %d", got, open)
		}
		wantFigures(t, s, "a", "350 lines: 343 queued 3 elsewhere 1 repeated 3 invalid; 0 revoked 0 dead 346 open")
		request := map[string]string{"pg": "kcp", "batch": "a", "in:a": "231 kcp", "apply_num": "1"}
		kept := client.HGetAll(ctx, "{receipt}:request:"+requests[230].ImpUID).Val()
		delete(kept, "id")
		if diff := cmp.Diff(request, kept); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	})
}
