package main

import (
	"testing"
	"time"
)

func TestBareConfigs(t *testing.T) {
	t.Parallel()
	many := 1 + len(outageOthers)
	for mode, want := range map[bareMode]struct {
		servers, queues, slots int
		third                  time.Duration // delay of the third retry, within 20 %; 0 for Asynq's own
	}{
		bareGateway:     {servers: 1, queues: 2, slots: 20},
		bareDefault:     {servers: 1, queues: many, slots: 20 * many},
		bareExponential: {servers: 1, queues: many, slots: 20 * many, third: 4 * time.Second},
		bareLookups:     {servers: many, queues: 2, slots: 20, third: 20 * time.Second},
	} {
		got := bareConfigs(job{Bare: mode, Slots: 20})
		if len(got) != want.servers {
			t.Errorf("%s: got %d servers, want %d", mode, len(got), want.servers)
		}
		var third time.Duration
		if got[0].RetryDelayFunc != nil {
			third = got[0].RetryDelayFunc(2, nil, nil)
		}
		if len(got[0].Queues) != want.queues || got[0].Concurrency != want.slots ||
			third < want.third*8/10 || third > want.third*12/10 {
			t.Errorf("%s: got %d queues, %d slots and a delay of %v, want %+v",
				mode, len(got[0].Queues), got[0].Concurrency, third, want)
		}
	}
}
