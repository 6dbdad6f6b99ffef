package outcome

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

const (
	// DefaultNamespace is that of the queues, too: producers and workers that are given none
	// meet there.
	DefaultNamespace = tasks.DefaultNamespace
	// DefaultTTL bounds what Redis keeps. Until it is over, to ask twice is to ask once.
	DefaultTTL = 90 * 24 * time.Hour
	// DefaultStreamLength bounds the stream, which Redis holds in memory. A follower that is
	// further behind misses outcomes; see [ErrMissed].
	DefaultStreamLength = 1_000_000
)

// ErrNotFound is returned for an imp_uid of which nothing is known: it was never
// asked for, or by a producer that recorded nothing and is not yet attempted, or its
// outcome's life is over.
var ErrNotFound = errors.New("no outcome")

// Config is how a store keeps outcomes. The zero value is the default.
type Config struct {
	// Namespace stands before every key, in the braces of a Redis Cluster
	// hash tag, so that one script may change them all. Default "receipt".
	Namespace string
	// TTL is how long an outcome lives after its end. Default 90 days.
	TTL time.Duration
	// StreamLength is where the stream of outcomes is trimmed, approximately.
	// Default 1,000,000 entries.
	StreamLength int64
}

// Store keeps outcomes in Redis 6.2 or newer, standalone, Sentinel or Cluster.
// Its methods are safe for concurrent use. Errors that match none of this
// package's are Redis' own: the caller may repeat the call.
type Store struct {
	client  redis.UniversalClient
	config  Config
	manners manners
}

// NewStore returns a store on client, which the caller closes.
func NewStore(client redis.UniversalClient, config Config) *Store {
	config.Namespace = cmp.Or(config.Namespace, DefaultNamespace)
	config.TTL = cmp.Or(config.TTL, DefaultTTL)
	config.StreamLength = cmp.Or(config.StreamLength, DefaultStreamLength)
	return &Store{client: client, config: config}
}

// On returns the store by another way to the same Redis, whose client the caller closes.
func (s *Store) On(client redis.UniversalClient) *Store { return NewStore(client, s.config) }

// Namespace returns what stands before every key, without the braces. Others
// who keep something beside outcomes keep it there too.
func (s *Store) Namespace() string { return s.config.Namespace }

// Now returns the time on Redis' clock, the only one that all processes share.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	now, err := s.client.Time(ctx).Result()
	if err != nil {
		return time.Time{}, fmt.Errorf("ask Redis for the time: %w", err)
	}
	return now.UTC(), nil
}

// run runs a script on the store's keys, of which it is told one and makes the others.
func (s *Store) run(ctx context.Context, script *redis.Script, key string, args ...any) *redis.Cmd {
	args = append([]any{s.config.TTL.Milliseconds()}, args...)
	return script.Run(ctx, s.client, []string{key}, args...)
}
