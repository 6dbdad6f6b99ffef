package outcome_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

// What is kept of a batch ends together, whoever wrote to it last.
func TestTheKeysOfABatchEndTogether(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		together := func(when string, want time.Duration) {
			t.Helper()
			for _, suffix := range []string{"", ":rows", ":counted"} {
				ttl := client.PTTL(t.Context(), "{receipt}:batch:"+asked.Batch+suffix).Val()
				if ttl <= want-time.Minute || ttl > want+10*time.Second { // so much longer than an outcome
					t.Errorf("%s: {receipt}:batch:%s%s lives %v, want %v", when, asked.Batch, suffix, ttl, want)
				}
			}
		}
		ask := func(s *outcome.Store) {
			t.Helper()
			if _, err := askRows(t.Context(), s, asked.Batch, 1, asked.ImpUID); err != nil {
				t.Fatal(err)
			}
		}
		ask(s)
		together("made", outcome.DefaultTTL)
		finish(t, s, begin(t, s, lease), revoked)
		together("counted", outcome.DefaultTTL)
		longer := outcome.NewStore(client, outcome.Config{TTL: 2 * outcome.DefaultTTL})
		ask(longer)
		together("asked for again", 2*outcome.DefaultTTL)
		if rows, err := s.Rows(t.Context(), asked.Batch, 1, 9); err != nil || len(rows) != 1 {
			t.Errorf("read: got %+v, %v; want a row", rows, err)
		}
		together("only read", 2*outcome.DefaultTTL)
	})
}

func TestOnlyTheFirstRowMakesABatch(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		for what, do := range map[string]func() error{
			"rows":      func() error { _, err := s.Rows(ctx, "a", 1, 1); return err },
			"batch":     func() error { _, err := s.Batch(ctx, "a"); return err },
			"later row": func() error { _, err := askRows(ctx, s, "a", 2, "imp_1"); return err },
			"complete":  func() error { return s.CompleteBatch(ctx, "a", 1) },
			"cancel":    func() error { return s.MarkCancelled(ctx, "a") },
		} {
			if err := do(); !errors.Is(err, outcome.ErrNoBatch) {
				t.Errorf("%s: got %v, want ErrNoBatch", what, err)
			}
		}
		if keys := client.Keys(ctx, "*").Val(); len(keys) != 0 {
			t.Errorf("there are %q now", keys)
		}
	})
}

// What asks for a receipt that was revoked ends with its outcome: a request without
// an outcome is open.
func TestARequestDoesNotOutliveItsOutcome(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := newStore(client), t.Context()
		if _, err := s.Ask(ctx, asked); err != nil {
			t.Fatal(err)
		}
		finish(t, s, begin(t, s, lease), revoked)
		if err := client.PExpire(ctx, "{receipt}:outcome:"+asked.ImpUID, time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		for what, ask := range map[string]func() error{
			"one":     func() error { _, err := s.Ask(ctx, asked); return err },
			"a batch": func() error { _, err := askRows(ctx, s, asked.Batch, 1, asked.ImpUID); return err },
		} {
			if err := ask(); err != nil {
				t.Fatal(err)
			}
			if life := client.PTTL(ctx, "{receipt}:request:"+asked.ImpUID).Val(); life <= 0 || life > time.Hour {
				t.Errorf("asked for by %s: the request lives %v, its outcome an hour", what, life)
			}
		}
	})
}
