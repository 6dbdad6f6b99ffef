package worker

import (
	"context"
	"log/slog"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/pulse"
)

// Leases is what keeps the leases of attempts.
type Leases struct{ *leases }

// NewLeases returns the leases of no attempts.
func NewLeases(store *outcome.Store, log *slog.Logger) Leases {
	return Leases{&leases{
		outcomes: store, complaints: complaint.NewLog(log), pulse: pulse.New(), held: make(map[*outcome.Attempt]time.Time),
	}}
}

// Hold keeps the lease of an attempt that was asked for at a time.
func (l Leases) Hold(a *outcome.Attempt, asked time.Time) { l.hold(a, asked) }

// Valid reports whether an attempt may still call.
func (l Leases) Valid(ctx context.Context, a *outcome.Attempt) bool { return l.valid(ctx, a) }

// Sweep sweeps once.
func (w *Worker) Sweep(ctx context.Context) error { return w.sweeper(w.handler(ctx, ctx)).Sweep(ctx) }

// LastBeat returns when a loop of the worker last turned, the zero time if it
// does not run.
func (w *Worker) LastBeat(loop string) time.Time { return w.pulse.Last(loop) }

// TellBlocked writes what blocked tells to log.
func TellBlocked(ctx context.Context, log *slog.Logger, blocked func() error) {
	tellBlocked(ctx, log, blocked)
}

// CutOff returns what tells whether a worker's calls get through.
func CutOff(api *iamport.Client, gates func() map[gate.Name]gate.State) func() error {
	return cutOff(api, gates)
}

// Rank returns in which order a receipt is probed with of which this is known.
func Rank(known outcome.Outcome, bulk, suspect bool) int {
	return candidate{known: known, bulk: bulk, suspect: suspect}.rank()
}
