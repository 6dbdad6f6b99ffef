package world

import (
	"context"
	"errors"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisName is the name of Redis in the network. It takes the place of an address.
const redisName = "Redis"

// client is a Redis client whose subscriptions have a network of their own, without faults:
// go-redis dials those while it holds a lock that others wait for, and the clock of the bubble
// stands still while any goroutine waits for a lock. Asynq subscribes to what cancels a running
// task, which this project does not use.
type client struct {
	*redis.Client
	subscriptions *redis.Client
}

// optionsOf returns the options of the program for a client with a name, by which
// [redisServer.answer] knows the processes' commands from those of scripts. What go-redis would
// send of itself when it connects is left out.
func optionsOf(name string) redis.Options {
	return redis.Options{
		Addr: redisName, ClientName: name, PoolSize: 64, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// Subscribe subscribes to channels without faults. A message that producers publish still meets
// the faults of the producer.
func (c *client) Subscribe(ctx context.Context, channels ...string) *redis.PubSub {
	return c.subscriptions.Subscribe(ctx, channels...)
}

// Close closes the connections of both networks.
func (c *client) Close() error { return errors.Join(c.Client.Close(), c.subscriptions.Close()) }

// process is one life of a worker. stop ends its context, done is closed when its goroutines have
// ended, and dies makes a kill one of several that come at the same time.
type process struct {
	host *host
	stop context.CancelFunc
	done chan struct{}
	dies sync.Once
}
