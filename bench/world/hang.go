package world

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// standsStill is for how many seconds of real time, in which the process is not stopped, the clock of a bubble may
	// not move: it counts as one that never will, as where a goroutine waits for a lock that is never released.
	standsStill = 60
	// moves is how often a clock that moves says so, in the time of the bubble.
	moves = 10 * time.Second
)

// bubbleClock knows whether the clock of a bubble moves. Its zero value is that of a bubble that has not begun.
type bubbleClock struct {
	moved atomic.Int64 // how often it was seen to move
	world atomic.Pointer[world]
}

// run notes that the clock moves, until ctx is done. Where a run takes longer than its scenario explains, it ends the
// process. It belongs into the bubble.
func (c *bubbleClock) run(ctx context.Context, w *world) {
	c.world.Store(w)
	latest := time.Now().Add(3*w.scenario.Span + 2*w.scenario.recovery() + 24*time.Hour)
	for ctx.Err() == nil {
		c.moved.Add(1)
		if time.Now().After(latest) {
			w.hangs(fmt.Sprintf("it has not ended after %v", time.Since(w.began)))
		}
		select {
		case <-ctx.Done():
		case <-time.After(moves):
		}
	}
}

// watch ends the process if the clock stands still, until ended is closed. It belongs outside of the bubble.
func (c *bubbleClock) watch(ended <-chan struct{}) {
	for still, before := 0, int64(0); still < standsStill; still++ {
		select {
		case <-ended:
			return
		case <-time.After(time.Second):
		}
		if moved := c.moved.Load(); moved != before {
			still, before = 0, moved
		}
	}
	if w := c.world.Load(); w != nil {
		w.hangs(fmt.Sprintf("its clock has not moved for %d s: a goroutine waits for a lock, or runs for ever", standsStill))
	}
	panic("a bubble does not begin\n" + goroutines())
}

// hangs writes what every goroutine of the process waits for, those of its bubble first, the scenario, what happened
// last, and the command that runs it again, and ends the process. The line "failed", the seed and why is for
// bench/world/mutations.
func (w *world) hangs(why string) {
	all := strings.Split(strings.TrimSpace(goroutines()), "\n\n")
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(w.suspicion(b), w.suspicion(a)) })
	fmt.Printf("failed %d %s (%s)\n\n%s\n\n", w.scenario.Seed, why, w.bubble, strings.Join(all, "\n\n"))
	fmt.Print(w.history.last())
	w.tell(os.Stdout)
	os.Exit(1)
}

// suspicion returns how likely a goroutine is the one for which a run hangs: most where it waits for a lock in this
// bubble, whose clock stands still meanwhile.
func (w *world) suspicion(goroutine string) (much int) {
	if !w.own(goroutine) {
		return 0
	}
	much = 1
	if head, _, _ := strings.Cut(goroutine, "\n"); strings.Contains(head, "Lock") || strings.Contains(head, "semacquire") {
		much += 2
	}
	if ofProduct.MatchString(goroutine) {
		much++
	}
	return much
}

// own reports whether a goroutine is one of this bubble. Seeds run beside each other in one process, each in a bubble.
func (w *world) own(goroutine string) bool {
	head, _, _ := strings.Cut(goroutine, "\n")
	return bubbleOf.FindString(head) == w.bubble
}

// bubbleOf finds how the head of a goroutine names its bubble, as in "goroutine 7 [running, synctest bubble 3]:".
var bubbleOf = regexp.MustCompile(`synctest bubble \d+`)

// bubble returns how the heads of goroutines name the bubble of the caller, empty if it is in none.
func bubble() string {
	head := make([]byte, 128)
	return bubbleOf.FindString(string(head[:runtime.Stack(head, false)]))
}

// ofProduct finds a frame of the product's own packages, to which this one does not belong.
var ofProduct = regexp.MustCompile(`receiptrevoker/(worker|tasks|enqueue)`)

// tell writes the scenario, the failures so far, and the command that runs it again.
func (w *world) tell(to io.Writer) {
	if w.mu.TryLock() { // unless the goroutine that holds the lock is the one that hangs
		defer w.mu.Unlock()
	}
	fmt.Fprintf(to, "%s%s\nRun it again: %s\n", w.scenario, strings.Join(w.result.Failures, "\n"), w.scenario.Command())
}

// goroutines returns what every goroutine of the process waits for, those of other bubbles too,
// 4 MiB at most. That of the caller comes first, see [runtime.Stack].
func goroutines() string {
	text := make([]byte, 4<<20)
	return string(text[:runtime.Stack(text, true)])
}
