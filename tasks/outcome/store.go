package outcome

import (
	"cmp"
	_ "embed"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// The settings' defaults.
const (
	DefaultNamespace    = "receipt"
	DefaultTTL          = 90 * 24 * time.Hour
	DefaultStreamLength = 1_000_000
)

var (
	//go:embed batch.lua
	batchSource string // stands before those scripts that a batch hears of
	//go:embed begin.lua
	beginSource string
	//go:embed extend.lua
	extendSource string
	//go:embed finish.lua
	finishSource string
	//go:embed revive.lua
	reviveSource string
	//go:embed statuses.lua
	statusesSource string

	beginScript  = redis.NewScript(batchSource + beginSource)
	extendScript = redis.NewScript(extendSource)
	finishScript = redis.NewScript(batchSource + finishSource)
	reviveScript = redis.NewScript(batchSource + reviveSource)

	statusesScript = redis.NewScript(statusesSource)
)

// ErrNotFound is returned for an imp_uid that has no outcome: it was never
// asked for, or not yet attempted, or its outcome's life is over.
var ErrNotFound = errors.New("no outcome")

// Config is how a store keeps outcomes. The zero value is the default.
type Config struct {
	// Namespace stands before every key, in the braces of a Redis Cluster
	// hash tag, so that one script may change them all. Default "receipt".
	Namespace string
	// TTL is how long an outcome lives after its last change. Default 90 days.
	TTL time.Duration
	// StreamLength is where the stream of outcomes is trimmed, approximately.
	// Default 1,000,000 entries.
	StreamLength int64
	// Now is the clock of the times in outcomes. Default [time.Now].
	Now func() time.Time
}

// Store keeps outcomes in Redis 6.2 or newer, standalone, Sentinel or Cluster.
// Its methods are safe for concurrent use. Errors that match none of this
// package's are Redis' own: the caller may repeat the call.
type Store struct {
	client redis.UniversalClient
	config Config
}

// NewStore returns a store on client, which the caller closes.
func NewStore(client redis.UniversalClient, config Config) *Store {
	config.Namespace = cmp.Or(config.Namespace, DefaultNamespace)
	config.TTL = cmp.Or(config.TTL, DefaultTTL)
	config.StreamLength = cmp.Or(config.StreamLength, DefaultStreamLength)
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Store{client: client, config: config}
}

// Namespace returns what stands before every key, without the braces. Others
// who keep something beside outcomes keep it there too.
func (s *Store) Namespace() string { return s.config.Namespace }

func (s *Store) key(name string) string { return "{" + s.config.Namespace + "}:" + name }

// outcomeKey is the hash of an imp_uid's outcome; the prefix of all of them for
// the empty one.
func (s *Store) outcomeKey(impUID string) string { return s.key("outcome:" + impUID) }
func (s *Store) openKey() string                 { return s.key("open") }
func (s *Store) streamKey() string               { return s.key("outcomes") }
func (s *Store) deadKey() string                 { return s.key("dead") }

// followersKey is the hash of the batches that count an imp_uid beside the one
// in its outcome.
func (s *Store) followersKey(impUID string) string { return s.key("followers:" + impUID) }

// batchKey is the hash of a batch; the prefix of all of them for the empty name.
func (s *Store) batchKey(name string) string   { return s.key("batch:" + name) }
func (s *Store) rowsKey(name string) string    { return s.batchKey(name) + ":rows" }
func (s *Store) countedKey(name string) string { return s.batchKey(name) + ":counted" }
func (s *Store) batchIndexKey() string         { return s.key("batch-index") }
func (s *Store) batchStreamKey() string        { return s.key("batches") }

// now returns the time as it is written.
func (s *Store) now() string { return s.config.Now().UTC().Format(timeFormat) }
