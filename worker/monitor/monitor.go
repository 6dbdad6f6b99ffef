// Package monitor serves the Asynq web UI. It is the only importer of Asynqmon.
package monitor

import (
	"net/http"

	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"
)

// Handler returns the Asynq web UI of the queues in Redis. It only shows: what
// would change a queue or a task is refused. It asks nobody who they are, so
// that it belongs on a loopback address.
func Handler(client redis.UniversalClient) http.Handler {
	return asynqmon.New(asynqmon.Options{
		RedisConnOpt:    shared{client},
		ReadOnly:        true,
		ResultFormatter: asynqmon.ResultFormatterFunc(result),
	})
}

// result shows a task's result as it is. Asynqmon itself calls an empty one
// unprintable.
func result(_ string, bytes []byte) string { return string(bytes) }

// shared hands a connection that is open already to Asynqmon.
type shared struct{ client redis.UniversalClient }

// MakeRedisClient returns the connection.
func (s shared) MakeRedisClient() any { return s.client }
