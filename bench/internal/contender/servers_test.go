package contender

import (
	"testing"
	"time"

	"receiptrevoker/tasks"
)

func TestServersHaveTheQueuesSlotsAndScheduleOfTheirKind(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]struct {
		servers, queues, slots int
		third                  time.Duration // delay of the third retry, within 20 %; 0 for Asynq's own
	}{
		BareEach:        {servers: 3, queues: 2, slots: 20},
		BareDefault:     {servers: 1, queues: 3, slots: 60},
		BareExponential: {servers: 1, queues: 3, slots: 60, third: 4 * time.Second},
		BareLookups:     {servers: 3, queues: 2, slots: 20, third: 20 * time.Second},
	} {
		got := serverConfigs(Job{Kind: kind, Slots: 20, Gateways: []tasks.Gateway{tasks.KCP, tasks.Nice, tasks.Daou}})
		if len(got) != want.servers {
			t.Errorf("%s: got %d servers, want %d", kind, len(got), want.servers)
		}
		var third time.Duration
		if got[0].RetryDelayFunc != nil {
			third = got[0].RetryDelayFunc(2, nil, nil)
		}
		if len(got[0].Queues) != want.queues || got[0].Concurrency != want.slots ||
			third < want.third*8/10 || third > want.third*12/10 {
			t.Errorf("%s: got %d queues, %d slots and a delay of %v, want %+v",
				kind, len(got[0].Queues), got[0].Concurrency, third, want)
		}
	}
}
