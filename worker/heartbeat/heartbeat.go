// Package heartbeat notices that Redis lost what it had confirmed.
package heartbeat

import (
	"context"
	_ "embed"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed heartbeat.lua
var beatSource string

var beatScript = redis.NewScript(beatSource)

// lossyFor is how long attempts are uncertain from the start after Redis lost what
// it had confirmed. It is also how long a worker's count is kept: after a Redis that
// was away for longer, nobody knows what it lost.
const lossyFor = 24 * time.Hour

// Heartbeat is the sign of life of one worker: a count in Redis, in
// {namespace}:worker:<process>, which the worker remembers. A loss stands in
// {namespace}:lossy, where attempts see it as they begin. Its method is safe for
// concurrent use.
type Heartbeat struct {
	client redis.UniversalClient
	keys   []string
	seen   atomic.Int64 // the greatest count
}

// New returns that of a worker that has just started. The name of the process must never be
// used again.
func New(client redis.UniversalClient, namespace, process string) *Heartbeat {
	prefix := "{" + namespace + "}:"
	return &Heartbeat{client: client, keys: []string{prefix + "worker:" + process, prefix + "lossy"}}
}

// Beat counts once more. It fails where Redis does not answer, and also where it
// answers but takes no writes: its memory is full, its disk is, or it has become a
// replica. It returns for how long attempts are still uncertain because Redis lost
// what it had confirmed to this worker or to another: 0 if nobody knows of a loss.
func (h *Heartbeat) Beat(ctx context.Context) (lossy time.Duration, err error) {
	seen := h.seen.Load()
	reply, err := beatScript.Run(ctx, h.client, h.keys, seen, lossyFor.Milliseconds()).Int64Slice()
	if err != nil {
		return 0, fmt.Errorf("write that this worker is alive: %w", err)
	}
	for seen < reply[0] && !h.seen.CompareAndSwap(seen, reply[0]) {
		seen = h.seen.Load()
	}
	return max(time.Duration(reply[1])*time.Millisecond, 0), nil
}
