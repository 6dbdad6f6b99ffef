package outcome_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
)

func TestMistypedNamesTheKey(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		s, ctx := outcome.NewStore(client, outcome.Config{Namespace: "acme"}), t.Context()
		if _, err := askRows(ctx, s, "a", 1, "imp_1"); err != nil {
			t.Fatal(err)
		}
		if err := s.Mistyped(ctx); err != nil {
			t.Errorf("nothing is wrong: got %v", err)
		}
		for key, kind := range map[string]string{
			"{acme}:open": "sorted set", "{acme}:batch-index": "sorted set", "{acme}:batches": "stream", "{acme}:outcomes": "stream",
		} {
			client.Set(ctx, key, "x", 0)
			err := s.Mistyped(ctx)
			if redisfault.Of(err) != redisfault.WrongType || !strings.HasPrefix(err.Error(), "the key "+key+" in Redis is no "+kind+": ") {
				t.Errorf("%s: got %v", key, err)
			}
			client.Del(ctx, key)
		}
	})
}
