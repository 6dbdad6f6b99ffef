package outcome_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

var (
	unconfirmed = outcome.Outcome{
		Status: outcome.Dead, Reason: outcome.ReasonUnconfirmed, HTTPStatus: 400, Code: code(-1), Message: "거절",
	}
	isRevoked  = outcome.Statement{Revoked: true, By: "kim", Text: "콘솔에서 취소됨을 확인"}
	notRevoked = outcome.Statement{By: "kim", Text: "콘솔에서 승인 상태"}
)

// askInBatch asks for the receipt as the one line of a batch that has ended.
func askInBatch(t *testing.T, s *outcome.Store) {
	t.Helper()
	r := asked
	r.Row = 1
	_, err := s.AskRows(t.Context(), r.Batch, "", 1, []outcome.Row{{}}, []tasks.Revocation{r})
	if err == nil {
		err = s.CompleteBatch(t.Context(), r.Batch, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestDeadLetterIsSettled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		says   outcome.Statement
		status outcome.Status
		reason outcome.Reason
		listed int64
	}{
		"revoked":     {isRevoked, outcome.Revoked, outcome.ReasonStatedRevoked, 0},
		"not revoked": {notRevoked, outcome.Dead, outcome.ReasonStatedNotRevoked, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				s, ctx := newStore(client), t.Context()
				askInBatch(t, s)
				finish(t, s, begin(t, s, lease), unconfirmed)
				want := get(t, s)
				for range 2 { // the second time nothing changes
					if err := s.Settle(ctx, asked.ImpUID, test.says); err != nil {
						t.Fatal(err)
					}
				}
				got := get(t, s)
				want.Status, want.Reason, want.StatedBy, want.Statement = test.status, test.reason, "kim", test.says.Text
				want.UpdatedAt = got.UpdatedAt
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}
				streamed := []outcome.Outcome{}
				got.Batches = nil // the stream does not know them
				for event, err := range s.Events(ctx, "0") {
					if err != nil {
						t.Fatal(err)
					}
					streamed = append(streamed, event.Outcome)
				}
				if len(streamed) != 2 || !cmp.Equal(streamed[1], got) {
					t.Errorf("the stream has %+v, want the end, and what was stated", streamed)
				}
				if n, err := s.DeadLetters(ctx); n != test.listed || err != nil {
					t.Errorf("%d dead letters, %v; want %d", n, err, test.listed)
				}
				if at, err := s.NewestDead(ctx); test.listed > 0 && at != got.UpdatedAt || err != nil {
					t.Errorf("listed at %v, %v; want %v", at, err, got.UpdatedAt)
				}
				b, err := s.Batch(ctx, asked.Batch)
				if err != nil || !cmp.Equal(b.Reasons, map[outcome.Reason]int{test.reason: 1}) || !b.Finished() {
					t.Errorf("the batch counts %v, %v", b.Reasons, err)
				}
			})
		})
	}
}

func TestOnlyDeadLettersAreSettled(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		want := func(status outcome.Status) {
			t.Helper()
			err := s.Settle(ctx, asked.ImpUID, isRevoked)
			if alive, ok := errors.AsType[*outcome.NotDeadError](err); !ok || alive.Status != status {
				t.Errorf("got %v, want that it is %q", err, status)
			}
		}
		want("")
		finish(t, s, begin(t, s, lease), retrying)
		want(outcome.Retrying)
		if _, err := s.Cancel(ctx, []string{asked.ImpUID}, false); err != nil {
			t.Fatal(err)
		}
		finish(t, s, begin(t, s, lease), outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn})
		if err := s.Settle(ctx, asked.ImpUID, notRevoked); !errors.Is(err, outcome.ErrWithdrawn) {
			t.Errorf("got %v, want ErrWithdrawn", err)
		}
		if _, err := s.Ask(ctx, asked); err != nil {
			t.Fatal(err)
		}
		want(outcome.Queued)
		finish(t, s, begin(t, s, lease), dead)
		if err := s.Settle(ctx, asked.ImpUID, outcome.Statement{Revoked: true, Text: "x"}); err == nil {
			t.Error("somebody without a name settled it")
		}
		if err := s.Settle(ctx, asked.ImpUID, isRevoked); err != nil {
			t.Fatal(err)
		}
		if err := s.Settle(ctx, asked.ImpUID, isRevoked); err != nil {
			t.Errorf("the same again: %v", err)
		}
		again := isRevoked
		again.By = "lee"
		if err := s.Settle(ctx, asked.ImpUID, again); !errors.As(err, new(*outcome.NotDeadError)) {
			t.Errorf("another statement: %v, want that it is revoked", err)
		}
		if n := len(events(t, s)); n != 3 {
			t.Errorf("the stream has %d entries, want 3", n)
		}
	})
}

// What is retried although a person said something is called with the same care as before.
// Another receipt exists than the one that was asked for: the next attempt would revoke that.
func TestReissuedLetterIsNeverRevived(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		finish(t, s, begin(t, s, lease), outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonReissued})
		_, err := s.Revive(ctx, asked.ImpUID)
		if !errors.Is(err, outcome.ErrReissued) || !strings.Contains(err.Error(), "apply_num") {
			t.Errorf("got %v, want that it is to be requested by its apply_num", err)
		}
		if err := s.Settle(ctx, asked.ImpUID, notRevoked); !errors.Is(err, outcome.ErrReissued) {
			t.Errorf("settled as not revoked, which could be revived: %v", err)
		}
		if err := s.Settle(ctx, asked.ImpUID, isRevoked); err != nil {
			t.Errorf("settled as revoked: %v", err)
		}
	})
}

func TestSettledLetterIsRevived(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		first := begin(t, s, lease)
		finish(t, s, first, unconfirmed)
		if err := s.Settle(ctx, asked.ImpUID, notRevoked); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Revive(ctx, asked.ImpUID); err != nil {
			t.Fatal(err)
		}
		attempt := begin(t, s, lease)
		if !attempt.Uncertain() || !attempt.FailedBefore {
			t.Errorf("got %+v, want an attempt that looks the receipt up first", attempt)
		}
		finish(t, s, attempt, dead)
		if got := get(t, s); got.StatedBy != "" || got.Statement != "" {
			t.Errorf("got %+v, want what PortOne said since", got)
		}

		other := notRevoked
		other.Text = "looked again"
		for _, says := range []outcome.Statement{notRevoked, other} {
			if err := s.Settle(ctx, asked.ImpUID, says); err != nil || get(t, s).Statement != says.Text {
				t.Errorf("got %+v, %v; want %q", get(t, s), err, says.Text)
			}
		}
		if !finish(t, s, first, revoked) {
			t.Error("an attempt that was late was revoked, and not heard")
		}
		if got := get(t, s); got.Reason != outcome.ReasonRevoked || got.StatedBy != "" {
			t.Errorf("got %+v, want what PortOne said", got)
		}
	})
}

func TestStatementIsOneLineBySomebody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		by, text string
		valid    bool
	}{
		"one line":        {"kim", "seen in the console", true},
		"Korean":          {"김민수", "콘솔에서 확인", true},
		"as long as can":  {strings.Repeat("k", 100), strings.Repeat("x", 500), true},
		"nobody":          {"", "seen", false},
		"blank":           {" ", "seen", false},
		"without reason":  {"kim", "", false},
		"two lines":       {"kim", "seen\nin the console", false},
		"escape sequence": {"kim", "\x1b[2J", false},
		"not UTF-8":       {"kim", "\xff", false},
		"a long name":     {strings.Repeat("k", 101), "seen", false},
		"a long text":     {"kim", strings.Repeat("x", 501), false},
	} {
		if err := (outcome.Statement{By: test.by, Text: test.text}).Validate(); (err == nil) != test.valid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
