package slots_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/worker/slots"
)

// hold takes a slot for some time, and writes down that it has got it.
func hold(t *testing.T, s *slots.Slots, queue string, during time.Duration, got *[]string, mu *sync.Mutex) {
	t.Helper()
	leave, waited, err := s.Enter(t.Context(), queue)
	if err != nil {
		t.Error(err)
		return
	}
	mu.Lock()
	if waited {
		queue += ", waited for"
	}
	*got = append(*got, queue)
	mu.Unlock()
	time.Sleep(during)
	leave()
	leave() // which gives back no second one
}

func TestSingleRequestsPassListsAndNoGatewayAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := slots.New(2)
		var mu sync.Mutex
		var got []string
		var all sync.WaitGroup
		for i, queue := range []string{
			"receipts-bulk-kcp", "receipts-bulk-kcp", "receipts-bulk-kcp", "receipts-kcp", "receipts-kcp", "receipts-nice",
		} {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				hold(t, s, queue, time.Minute, &got, &mu)
			})
		}
		all.Wait()
		want := []string{
			"receipts-bulk-kcp", "receipts-bulk-kcp", "receipts-nice",
			"receipts-kcp, waited for", "receipts-kcp, waited for", "receipts-bulk-kcp, waited for",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got slots in the order %q, want %q", got, want)
		}
	})
}

func TestWhoGivesUpTakesUpNoSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := slots.New(1)
		leave, _, err := s.Enter(t.Context(), "receipts")
		if err != nil {
			t.Fatal(err)
		}
		for _, queue := range []string{"receipts", "receipts-bulk"} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, _, err := s.Enter(ctx, queue); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v, want that the time is over", queue, err)
			}
			cancel()
		}
		leave()
		if _, _, err := s.Enter(t.Context(), "receipts-bulk"); err != nil {
			t.Error(err)
		}
	})
}
