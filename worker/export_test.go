package worker

import (
	"context"
	"log/slog"
	"time"

	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

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
