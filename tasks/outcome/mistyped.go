package outcome

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

// Mistyped returns an error that names the first key of ours, of those that all requests
// share, which holds another type of value than this package writes, and that is Redis' own
// WRONGTYPE; nil if there is none, or that could not be found out. It takes one round trip,
// and no right that producers lack.
func (s *Store) Mistyped(ctx context.Context) error {
	pipe := s.client.Pipeline()
	none := &redis.ZRangeBy{Min: "1", Max: "0"}
	keys := []struct {
		name, kind string
		read       redis.Cmder
	}{
		{s.openKey(), "sorted set", pipe.ZRangeByScore(ctx, s.openKey(), none)},
		{s.batchIndexKey(), "sorted set", pipe.ZRangeByScore(ctx, s.batchIndexKey(), none)},
		{s.batchesKey(), "stream", pipe.XRevRangeN(ctx, s.batchesKey(), "+", "-", 1)},
		{s.streamKey(), "stream", pipe.XRevRangeN(ctx, s.streamKey(), "+", "-", 1)},
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for _, key := range keys {
		if err := key.read.Err(); redisfault.Of(err) == redisfault.WrongType {
			return fmt.Errorf("the key %s in Redis is no %s: %w", key.name, key.kind, err)
		}
	}
	return nil
}
