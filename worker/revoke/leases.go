package revoke

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/pulse"
)

// lease is how long an attempt is believed to be running without a sign of life. Asynq gives a dead
// process the same 30 s (the lease of internal/rdb/rdb.go, LeaseDuration).
const lease = 30 * time.Second

// Leases keeps the leases of the attempts that run in this process. Few outlive the first extension, so
// that one goroutine serves them all.
type Leases struct {
	outcomes   *outcome.Store
	complaints *complaint.Log
	pulse      *pulse.Pulse

	mu   sync.Mutex
	held map[*outcome.Attempt]time.Time // when each was asked for that was granted last
}

// NewLeases returns the leases of no attempts, which writes to complaints what goes wrong
// with Redis.
func NewLeases(outcomes *outcome.Store, complaints *complaint.Log, pulse *pulse.Pulse) *Leases {
	return &Leases{outcomes: outcomes, complaints: complaints, pulse: pulse, held: make(map[*outcome.Attempt]time.Time)}
}

// begun is an attempt that has begun.
type begun struct {
	*outcome.Attempt
	asked time.Time // before which its lease has not begun
}

// hold keeps the lease of an attempt that was asked for at a time, until the returned function is
// called. That time is by this process's clock, and from before Redis was asked: so valid never says
// yes after Redis' lease has ended.
func (l *Leases) hold(a *outcome.Attempt, asked time.Time) (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[a] = asked
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, a)
	}
}

// Run extends what is held, in time, until ctx is done. An attempt that ends meanwhile is extended no
// more: the store knows that it has ended. A third of the lease leaves two more tries before it ends.
func (l *Leases) Run(ctx context.Context) {
	ticker := time.NewTicker(lease / 3)
	defer ticker.Stop()
	defer l.pulse.End("leases")
	for {
		l.pulse.Beat("leases")
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		l.mu.Lock()
		running := slices.Collect(maps.Keys(l.held))
		l.mu.Unlock()
		for _, a := range running {
			l.pulse.Beat("leases")
			l.extend(ctx, a)
		}
	}
}

// extend extends a lease and reports whether the attempt is still running. Where Redis does not answer
// it says no: a DELETE does not leave then, and the attempt goes back.
func (l *Leases) extend(ctx context.Context, a *outcome.Attempt) bool {
	asked := time.Now()
	running, err := l.outcomes.Extend(ctx, a, lease)
	if err != nil && ctx.Err() == nil {
		l.complaints.Add(slog.LevelWarn, "lease", "lease not extended",
			complaint.About(ctx, a.Revocation, "attempt", a.Number, "error", err)...)
	}
	if err != nil || !running {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// The attempt may have ended while Redis was asked: it is not to be held again.
	if _, ok := l.held[a]; ok {
		l.held[a] = asked
	}
	return true
}

// valid reports whether an attempt that is held may still call: no other has begun. A process that was
// stopped for longer than a lease asks Redis. The clock is the monotonic one, which runs on while a
// process is stopped.
func (l *Leases) valid(ctx context.Context, a *outcome.Attempt) bool {
	l.mu.Lock()
	granted := l.held[a]
	l.mu.Unlock()
	return time.Since(granted) < lease || l.extend(ctx, a)
}
