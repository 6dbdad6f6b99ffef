package enqueue

import (
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wake"
)

// route is a way to Redis, with everything that is asked there.
type route struct {
	queue    queue
	outcomes *outcome.Store
	waker    *wake.Waker
}

func newRoute(client redis.UniversalClient, outcomes outcome.Config, waker *wake.Waker) *route {
	return &route{
		queue:    queue{redis: client},
		outcomes: outcome.NewStore(client, outcomes),
		waker:    waker,
	}
}

// pipelined returns a client by which what many goroutines ask at the same time
// shares round trips: Asynq enqueues one task in one. It is part of the given
// client and closed with it.
//
// Several batches of commands are on their way at a time, so that neither Redis
// nor this process waits while the other one works, and few, since all others wait
// for what Redis has read of them. Nothing here is asked before the answer to what
// must come before it.
func pipelined(client redis.UniversalClient) redis.UniversalClient {
	shared, err := client.AutoPipelineWithOptions(&redis.AutoPipelineOptions{
		MaxBatchSize: 100, MaxConcurrentBatches: 4, Unordered: true,
	})
	if err != nil {
		return client // it is closed, as every command will say
	}
	return shared
}

// tasks returns what enqueues what is recorded, unless its task exists.
func (r *route) tasks() asynqkeys.Producer {
	return asynqkeys.Producer{
		Redis: r.queue.redis, Asynq: r.queue.client(), Namespace: r.outcomes.Namespace(), Wake: r.waker.Wake,
	}
}
