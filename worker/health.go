package worker

import (
	"context"
	"errors"
	"fmt"

	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pulse"
	"receiptrevoker/worker/revoke"
)

// Ready returns nil while the worker can work: its account is the namespace's, Redis
// answers, takes writes, allows what workers do and carries out every kind of command, the
// gate of PortOne is open, calls on receipts get through, as
// [receiptrevoker/worker/iamport.Client.Blocked] tells, and PortOne can be reached and accepts
// the credentials. Otherwise the error says what is wrong, all that is known of it. It waits
// for nothing but a token, and not longer than ctx.
func (w *Worker) Ready(ctx context.Context) error {
	if w.stopping.Load() {
		return revoke.ErrStopping
	}
	if err := w.account.Err(); err != nil {
		return err
	}
	var problems []error
	if err := w.redisHealth.Err(); err != nil {
		problems = append(problems, fmt.Errorf("redis does not work: %w", err))
	} else if err := w.stalled.Err(); err != nil {
		problems = append(problems, fmt.Errorf("redis works in part: %w", err))
	}
	if err := w.gates.Closed(); err != nil {
		problems = append(problems, fmt.Errorf("the gate of PortOne is closed: %w", err))
	} else if err := w.config.API.Blocked(); err != nil {
		problems = append(problems, fmt.Errorf("nothing gets through to PortOne: %w", err))
	} else if err := w.config.API.Authenticate(ctx); err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		problems = append(problems, errors.New("no token from PortOne: it has not answered yet"))
	} else if err != nil {
		problems = append(problems, fmt.Errorf("no token from PortOne: %w", err))
	}
	return errors.Join(problems...)
}

// Alive returns nil unless a part of the worker that should never rest has not
// turned for minutes, which only a new process mends. A Redis or a PortOne that
// is away is no such thing.
func (w *Worker) Alive() error {
	return errors.Join(w.pulse.Err(), pulse.Quiet("gates", w.gates.Turned()))
}

// Gates returns the state of every gate as this process knows it, which is a
// fraction of a second old while Redis answers.
func (w *Worker) Gates() map[gate.Name]gate.State { return w.gates.States() }
