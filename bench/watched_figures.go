package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
)

// watchEvery is how often it is looked whether all receipts are done.
const watchEvery = 20 * time.Millisecond

// cutReceipt returns the imp_uid of a call's path, if it is a receipt's call.
func cutReceipt(path string) (impUID string, ok bool) { return strings.CutPrefix(path, "/receipts/") }

// each calls f with every receipt of a gateway that was asked for.
func (s *watched) each(pg tasks.Gateway, f func(impUID string, t *seen)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for impUID, t := range s.receipts {
		if t.pg == pg {
			f(impUID, t)
		}
	}
}

// list returns the imp_uids of a gateway that were asked for, of those that fail
// or of those that do not.
func (s *watched) list(pg tasks.Gateway, failing bool) (impUIDs []string) {
	s.each(pg, func(impUID string, t *seen) {
		if t.fails == failing {
			impUIDs = append(impUIDs, impUID)
		}
	})
	return impUIDs
}

// open returns how many receipts of a gateway are neither done nor fail.
func (s *watched) open(pg tasks.Gateway) (count int) {
	s.each(pg, func(_ string, t *seen) {
		if t.done.IsZero() && !t.fails {
			count++
		}
	})
	return count
}

// waiting returns how many receipts of a gateway are not done, those that fail
// included.
func (s *watched) waiting(pg tasks.Gateway) (count int) {
	s.each(pg, func(_ string, t *seen) {
		if t.done.IsZero() {
			count++
		}
	})
	return count
}

// lastDone returns when the last receipt of a gateway was done.
func (s *watched) lastDone(pg tasks.Gateway) (last time.Time) {
	s.each(pg, func(_ string, t *seen) {
		if t.done.After(last) {
			last = t.done
		}
	})
	return last
}

// awaitDone waits until all receipts of a gateway are done that do not fail.
func (s *watched) awaitDone(ctx context.Context, pg tasks.Gateway) error {
	for {
		open := s.open(pg)
		if open == 0 {
			return nil
		}
		if err := wait.For(ctx, watchEvery); err != nil {
			return fmt.Errorf("%d receipts are still not revoked: %w", open, err)
		}
	}
}

// deletes returns how many DELETEs arrived for the receipts of a gateway that
// fail.
func (s *watched) deletes(pg tasks.Gateway) (count int) {
	for _, impUID := range s.list(pg, true) {
		truth, _ := s.portone.Truth(impUID)
		count += truth.Deletes
	}
	return count
}

// mostDeletes returns how many DELETEs arrived for one receipt of a gateway that
// does not fail.
func (s *watched) mostDeletes(pg tasks.Gateway) (most int) {
	for _, impUID := range s.list(pg, false) {
		truth, _ := s.portone.Truth(impUID)
		most = max(most, truth.Deletes)
	}
	return most
}

// state returns how gateways were served in a time: those receipts that were
// asked for in it, and those that were done in it.
func (s *watched) state(pgs []tasks.Gateway, from, to time.Time) state {
	var waits []time.Duration
	done := 0
	for _, pg := range pgs {
		s.each(pg, func(_ string, t *seen) {
			if t.asked.After(from) && t.asked.Before(to) && !t.arrived.IsZero() {
				waits = append(waits, t.arrived.Sub(t.asked))
			}
			if t.done.After(from) && t.done.Before(to) {
				done++
			}
		})
	}
	slices.Sort(waits)
	var found state
	if len(waits) > 0 {
		found.pickup = waits[len(waits)/2]
	}
	found.throughput = float64(done) / to.Sub(from).Seconds()
	return found
}
