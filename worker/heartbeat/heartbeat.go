// Package heartbeat notices that Redis lost what it had confirmed.
package heartbeat

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"receiptrevoker/tasks/outcome"
)

const (
	// gap is how long after its last heartbeat a worker is no witness of what Redis lost: its
	// count may be as old as what Redis kept.
	gap = 500 * time.Millisecond
	// settle is how long it takes others to notice a loss, who know of it: they count five
	// times a second while they work.
	settle = 500 * time.Millisecond
	// away is the gap after which Redis, or the network to it, was away.
	away = 1500 * time.Millisecond
	// settleAway is how long it takes the others then, since they have to connect again.
	settleAway = 2 * time.Second
)

// Heartbeat is the sign of life of one worker: a count in Redis, in
// {namespace}:worker:<process>, which the worker remembers. Every attempt counts, too. A
// loss stands in {namespace}:lossy for a day, where attempts see it as they begin; so long a
// worker's count is kept: after a Redis that was away for longer, nobody knows what it lost.
// Its methods are safe for concurrent use.
type Heartbeat struct {
	outcomes *outcome.Store
	process  string
	seen     atomic.Int64 // the greatest count

	mu      sync.Mutex
	last    time.Time // when it was last counted
	settled time.Time // when others have noticed what Redis lost before
}

// New returns that of a worker that has just started. The name of the process must never be
// used again.
func New(outcomes *outcome.Store, process string) *Heartbeat {
	return &Heartbeat{outcomes: outcomes, process: process}
}

// Beat counts once more. It fails where Redis does not answer, and also where it
// answers but takes no writes: its memory is full, its disk is, or it has become a
// replica. It returns for how long attempts are still uncertain because Redis lost
// what it had confirmed to this worker or to another: 0 if nobody knows of a loss.
func (h *Heartbeat) Beat(ctx context.Context) (lossy time.Duration, err error) {
	began := time.Now()
	count, lossy, err := h.outcomes.Beat(ctx, h.Witness())
	if err != nil {
		return 0, err
	}
	h.Saw(count)
	h.counted(began)
	return lossy, nil
}

// Witness returns what this worker has seen.
func (h *Heartbeat) Witness() outcome.Witness {
	return outcome.Witness{Process: h.process, Seen: h.seen.Load()}
}

// Saw remembers a count that Redis has confirmed, such as that of an attempt.
func (h *Heartbeat) Saw(count int64) {
	for seen := h.seen.Load(); seen < count && !h.seen.CompareAndSwap(seen, count); {
		seen = h.seen.Load()
	}
}

// counted notes a heartbeat that began at a time and was counted.
func (h *Heartbeat) counted(began time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if wait := settling(began.Sub(h.last)); wait > 0 && h.settled.Before(began.Add(wait)) {
		h.settled = began.Add(wait)
	}
	h.last = time.Now()
}

// settling returns how long it takes others to notice a loss after so long without heartbeats.
func settling(without time.Duration) time.Duration {
	switch {
	case without > away:
		return settleAway
	case without > gap:
		return settle
	}
	return 0
}

// Unsettled returns for how long this worker's heartbeats do not tell yet whether Redis lost
// what it had confirmed to others: it has just started or was idle, Redis was away, or the
// process was frozen. It is 0 otherwise.
func (h *Heartbeat) Unsettled() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(settling(time.Since(h.last)), time.Until(h.settled), 0)
}
