package enqueue

import (
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// registerEvery is how often queues are made known anew.
const registerEvery = time.Minute

// queue enqueues through Asynq's client. That registers each queue once in its
// life, which is too seldom for a Redis that may lose its data, so that a new
// one takes its place from time to time. It holds no connection of its own.
type queue struct {
	redis redis.UniversalClient

	mu      sync.Mutex
	current *asynq.Client
	since   time.Time
}

func (q *queue) client() *asynq.Client {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.current == nil || time.Since(q.since) > registerEvery {
		q.current, q.since = asynq.NewClientFromRedisClient(q.redis), time.Now()
	}
	return q.current
}
