package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"receiptrevoker/worker/gate"
)

// Ready returns nil while the worker can work: its account is the namespace's, Redis
// answers, takes writes and allows what workers do, the gate of PortOne is open, calls on
// receipts get through, as [receiptrevoker/worker/iamport.Client.Blocked] tells, and PortOne
// can be reached and accepts the credentials. Otherwise the error says what is wrong, all that
// is known of it. It waits for nothing but a token, and not longer than ctx.
func (w *Worker) Ready(ctx context.Context) error {
	if w.stopping.Load() {
		return errStopping
	}
	if err := w.account.Err(); err != nil {
		return err
	}
	var problems []error
	if err := w.watch.Err(); err != nil {
		problems = append(problems, fmt.Errorf("redis does not work: %w", err))
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
	return errors.Join(w.pulse.Err(), quiet("gates", w.gates.Turned()))
}

// Gates returns the state of every gate as this process knows it, which is a
// fraction of a second old while Redis answers.
func (w *Worker) Gates() map[gate.Name]gate.State { return w.gates.States() }

// silence is after how long a loop that has not turned is taken for dead. A
// command to a Redis that swallows packets fails after about two minutes, when
// all tries to connect have failed.
const silence = 5 * time.Minute

// pulse knows when each of the loops last turned.
type pulse struct {
	mu    sync.Mutex
	beats map[string]time.Time
}

func newPulse() *pulse { return &pulse{beats: make(map[string]time.Time)} }

// beat says that a loop turns.
func (p *pulse) beat(loop string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beats[loop] = time.Now()
}

// end says that a loop has ended in good order.
func (p *pulse) end(loop string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.beats, loop)
}

// Err returns an error that names every loop that does not turn any more.
func (p *pulse) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var dead []error
	for loop, last := range p.beats {
		dead = append(dead, quiet(loop, last))
	}
	return errors.Join(dead...)
}

// quiet returns an error if a loop that last turned at the given time does not
// turn any more, nil for one that is not running.
func quiet(loop string, last time.Time) error {
	if since := time.Since(last); !last.IsZero() && since > silence {
		return fmt.Errorf("the loop %q has not turned for %v", loop, since.Round(time.Second))
	}
	return nil
}
