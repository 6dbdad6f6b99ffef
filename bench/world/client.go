package world

import (
	"context"
	"errors"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisName is the name of Redis in the network.
const redisName = "Redis"

// client is a Redis client whose subscriptions have a network of their own, without
// faults: go-redis dials those while it holds a lock that others wait for (PubSub.conn in its
// pubsub.go), and the clock of the bubble stands still while a goroutine waits for a lock. Asynq
// subscribes to what cancels a running task, which this project does not use, and workers
// subscribe to what wakes them, on which no task depends: they look for tasks at every poll too.
type client struct {
	*redis.Client
	subscriptions *redis.Client
}

// optionsOf returns the options of the program for a client with a name, which Redis is told as
// each connection begins: by it the server knows whom it may refuse, see [redisServer.answer].
func optionsOf(name string) redis.Options {
	return redis.Options{
		Addr: redisName, ClientName: name, PoolSize: 64, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// Subscribe subscribes to channels by the network without faults.
func (c *client) Subscribe(ctx context.Context, channels ...string) *redis.PubSub {
	return c.subscriptions.Subscribe(ctx, channels...)
}

// Close closes both networks.
func (c *client) Close() error { return errors.Join(c.Client.Close(), c.subscriptions.Close()) }

// process is one life of a worker. The context that stop ends is that of the worker's Run. dies
// makes a second kill of the same life do nothing: the window of a fault ends after its death.
type process struct {
	host *host
	stop context.CancelFunc
	done chan struct{}
	dies sync.Once
}
