package asynqkeys

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"receiptrevoker/tasks/wait"
)

const (
	// waitingAfter is how long a worker waits before it registers: most serve sooner.
	waitingAfter = time.Second
	// registerEvery is how often Asynq's servers renew what they registered.
	registerEvery = 5 * time.Second
	// registeredFor is after how long Redis forgets it.
	registeredFor = 2 * registerEvery
	// removeTimeout bounds the removal of what was registered, for which a worker that is
	// about to serve waits. What Redis does not remove ends by itself.
	removeTimeout = time.Second
)

// RegisterWaiting keeps this process in Asynq's registry of servers as a worker of a
// namespace that is [Waiting], from a second after the call until ctx is done, and removes it
// then. What Redis does not take is tried again: until then the worker is not listed. The error
// is that the registration could not be encoded.
func RegisterWaiting(ctx context.Context, client redis.UniversalClient, namespace string) error {
	name, text, err := waitingServer(namespace)
	if err != nil {
		return fmt.Errorf("register a worker that waits: %w", err)
	}
	if wait.For(ctx, waitingAfter) != nil {
		return nil
	}
	for ; ctx.Err() == nil; _ = wait.For(ctx, registerEvery) {
		_ = pipelined(ctx, client, func(p redis.Pipeliner) {
			p.ZAdd(ctx, servers, redis.Z{Score: float64(time.Now().Add(registeredFor).Unix()), Member: name})
			p.SetEx(ctx, name, text, registeredFor)
		})
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	_ = pipelined(ctx, client, func(p redis.Pipeliner) {
		p.ZRem(ctx, servers, name)
		p.Del(ctx, name)
	})
	return nil
}

// waitingServer returns the name of this process in the registry, and what Asynq would write
// there of a server that has not started, which it never does.
func waitingServer(namespace string) (name string, text []byte, err error) {
	host, _ := os.Hostname() // without it the rest still tells it from others
	pid, id := os.Getpid(), rand.Text()
	plain, err := json.Marshal(map[string]any{
		"host": host, "pid": pid, "serverId": id, "queues": Weights(namespace, ""),
		"status": statusNew, "startTime": time.Now().UTC(),
	})
	if err != nil {
		return "", nil, err
	}
	message, err := newServerMessage()
	if err != nil {
		return "", nil, err
	}
	if err := protojson.Unmarshal(plain, message); err != nil {
		return "", nil, err
	}
	text, err = proto.Marshal(message)
	return fmt.Sprintf("%s{%s:%d:%s}", serverPrefix, host, pid, id), text, err
}
