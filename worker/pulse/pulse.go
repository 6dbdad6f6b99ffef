// Package pulse knows whether the loops of a process still turn.
package pulse

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Silence is after how long a loop that has not turned is taken for dead. A
// command to a Redis that swallows packets fails after about two minutes, when
// all tries to connect have failed.
const Silence = 5 * time.Minute

// Pulse knows when each of the loops of a process last turned. [New] makes one.
type Pulse struct {
	mu    sync.Mutex
	beats map[string]time.Time
}

// New returns the pulse of a process of which no loop runs yet.
func New() *Pulse { return &Pulse{beats: make(map[string]time.Time)} }

// Beat says that a loop turns.
func (p *Pulse) Beat(loop string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beats[loop] = time.Now()
}

// End says that a loop has ended in good order.
func (p *Pulse) End(loop string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.beats, loop)
}

// Last returns when a loop last turned, the zero time if it is not running.
func (p *Pulse) Last(loop string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.beats[loop]
}

// Err returns an error that names every loop that does not turn any more.
func (p *Pulse) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var dead []error
	for loop, last := range p.beats {
		dead = append(dead, Quiet(loop, last))
	}
	return errors.Join(dead...)
}

// Quiet returns an error if a loop that last turned at the given time does not
// turn any more, nil for one that is not running.
func Quiet(loop string, last time.Time) error {
	if since := time.Since(last); !last.IsZero() && since > Silence {
		return fmt.Errorf("the loop %q has not turned for %v", loop, since.Round(time.Second))
	}
	return nil
}
