package gate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

func TestHoldsTellWhatHoldsTheLinesOfABatch(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 8, 49, 0, 0, time.UTC)
	person := func(queue string) gate.Pause {
		return gate.Pause{Queue: queue, Paused: true, Since: at, By: "kim@ops", Reason: "maintenance"}
	}
	closed := func(queue string, name gate.Name) gate.Pause {
		return gate.Pause{Queue: queue, Paused: true, Since: at, Gate: name}
	}
	type hold struct {
		gate gate.Name
		by   string
		n    int
	}
	for name, test := range map[string]struct {
		pauses []gate.Pause
		want   []hold
	}{
		"nothing is paused": {[]gate.Pause{{Queue: "receipts-bulk-kcp"}}, nil},
		"the queue of single ones holds no line": {
			[]gate.Pause{closed("receipts-kcp", "kcp"), person("receipts-nice")}, nil,
		},
		"a gateway without lines": {[]gate.Pause{closed("receipts-bulk-daou", "daou")}, nil},
		"the gate of a gateway":   {[]gate.Pause{closed("receipts-bulk-kcp", "kcp")}, []hold{{"kcp", "", 5}}},
		"of another namespace":    {[]gate.Pause{closed("acme:receipts-bulk-kcp", "kcp")}, []hold{{"kcp", "", 5}}},
		"of no gateway":           {[]gate.Pause{closed("receipts-bulk", gate.Unknown)}, []hold{{gate.Unknown, "", 1}}},
		"one gate, two queues": {
			[]gate.Pause{closed("receipts-bulk-kcp", gate.PortOne), closed("receipts-bulk-nice", gate.PortOne)},
			[]hold{{gate.PortOne, "", 12}},
		},
		"a gate and a person, the most first": {
			[]gate.Pause{closed("receipts-bulk-kcp", "kcp"), person("receipts-bulk-nice"), person("receipts-bulk")},
			[]hold{{"", "kim@ops", 8}, {"kcp", "", 5}},
		},
		"a person at two moments": {
			[]gate.Pause{
				person("receipts-bulk-nice"),
				{Queue: "receipts-bulk-kcp", Paused: true, Since: at.Add(time.Hour), By: "kim@ops", Reason: "maintenance"},
			},
			[]hold{{"", "kim@ops", 7}, {"", "kim@ops", 5}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := map[tasks.Gateway]int{tasks.KCP: 5, tasks.Nice: 7, "": 1}
			holds, all := gate.Holds(open, test.pauses), 0
			var got []hold
			for _, h := range holds {
				got, all = append(got, hold{h.Gate, h.By, h.Lines}), all+h.Lines
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(hold{})); diff != "" || gate.Held(holds) != all {
				t.Errorf("%d held (-want +got):\n%s", gate.Held(holds), diff)
			}
		})
	}
}
