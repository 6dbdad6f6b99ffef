package outcome_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

// What is kept of a batch ends together, whoever wrote to it last.
func TestTheKeysOfABatchEndTogether(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		s := newStore(client)
		together := func(when string, want time.Duration) {
			t.Helper()
			for _, suffix := range []string{"", ":rows", ":counted"} {
				ttl := client.PTTL(t.Context(), "{receipt}:batch:"+asked.Batch+suffix).Val()
				if ttl <= want-time.Minute || ttl > want {
					t.Errorf("%s: {receipt}:batch:%s%s lives %v, want %v", when, asked.Batch, suffix, ttl, want)
				}
			}
		}
		open := func(s *outcome.Store) {
			t.Helper()
			if _, err := s.OpenBatch(t.Context(), asked.Batch, ""); err != nil {
				t.Fatal(err)
			}
		}
		open(s)
		rows := []outcome.Row{{Kind: outcome.KindQueued}}
		if err := s.Mark(t.Context(), asked.Batch, asked.Row, rows, []tasks.Gateway{tasks.KCP}); err != nil {
			t.Fatal(err)
		}
		finish(t, s, begin(t, s, lease), revoked)
		together("made and counted", outcome.DefaultTTL)
		longer := outcome.NewStore(client, outcome.Config{TTL: 2 * outcome.DefaultTTL})
		open(longer)
		together("opened again", 2*outcome.DefaultTTL)
		if read, err := s.ReadBatch(t.Context(), asked.Batch); err != nil || read.Rows != asked.Row || read.New {
			t.Errorf("read: got %+v, %v; want %d rows", read, err, asked.Row)
		}
		together("only read", 2*outcome.DefaultTTL)
	})
}

func TestReadBatchMakesNone(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		if got, err := newStore(client).ReadBatch(t.Context(), asked.Batch); !errors.Is(err, outcome.ErrNoBatch) {
			t.Errorf("got %+v, %v; want ErrNoBatch", got, err)
		}
		if keys := client.Keys(t.Context(), "*").Val(); len(keys) != 0 {
			t.Errorf("there are %q now", keys)
		}
	})
}
