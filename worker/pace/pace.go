// Package pace tells how often a process is to ask Redis: often while it works, and seldom while it is idle.
package pace

import (
	"sync"
	"time"
)

const (
	// idleAfter is for how long a process has had no task that is idle. It is longer than what a Redis forgets that
	// is killed, a second.
	idleAfter = 5 * time.Second
	// Seldom is how often an idle process asks what a busy one asks more often.
	Seldom = time.Second
)

// Pace knows whether a process is idle. The nil Pace is never.
type Pace struct {
	mu      sync.Mutex
	running int           // tasks
	last    time.Time     // when the last one ended
	woken   chan struct{} // closed when an idle process gets a task
}

// New returns the pace of a process that is about to work.
func New() *Pace { return &Pace{last: time.Now(), woken: make(chan struct{})} }

// Begin notes that a task has begun. The caller ends it.
func (p *Pace) Begin() (end func()) {
	if p == nil {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle() {
		close(p.woken)
		p.woken = make(chan struct{})
	}
	p.running++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running--
		p.last = time.Now()
	}
}

// idle reports whether the process is idle. The caller holds the lock.
func (p *Pace) idle() bool { return p.running == 0 && time.Since(p.last) >= idleAfter }

// Next returns for how long one is to wait who asks that often while the process works, and what is closed when an
// idle process gets a task, so that the wait is over.
func (p *Pace) Next(often time.Duration) (wait time.Duration, woken <-chan struct{}) {
	if p == nil {
		return often, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.idle() {
		return often, nil
	}
	return max(often, Seldom), p.woken
}
