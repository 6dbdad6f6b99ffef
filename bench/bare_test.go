package main

import (
	"testing"
	"time"
)

func TestBareConfig(t *testing.T) {
	t.Parallel()
	for mode, want := range map[bareMode]struct {
		queues, slots int
		third         time.Duration // delay of the third retry; 0 for Asynq's own
	}{
		bareGateway:     {queues: 2, slots: 20},
		bareDefault:     {queues: 1 + len(outageOthers), slots: 20 * (1 + len(outageOthers))},
		bareExponential: {queues: 1 + len(outageOthers), slots: 20 * (1 + len(outageOthers)), third: 4 * time.Second},
	} {
		got := bareConfig(job{Bare: mode, Slots: 20})
		var third time.Duration
		if got.RetryDelayFunc != nil {
			third = got.RetryDelayFunc(2, nil, nil)
		}
		if len(got.Queues) != want.queues || got.Concurrency != want.slots || third != want.third {
			t.Errorf("%s: got %d queues, %d slots and a delay of %v, want %+v", mode, len(got.Queues), got.Concurrency, third, want)
		}
	}
}
