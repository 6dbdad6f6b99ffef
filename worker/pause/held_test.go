package pause_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/pause"
)

func TestHoldsTellWhatHoldsTheLinesOfABatch(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 8, 49, 0, 0, time.UTC)
	person := func(queue string) pause.Pause {
		return pause.Pause{Queue: queue, Paused: true, Since: at, By: "kim@ops", Reason: "maintenance"}
	}
	closed := func(queue string, name string) pause.Pause {
		return pause.Pause{Queue: queue, Paused: true, Since: at, Gate: name}
	}
	type hold struct {
		gate string
		by   string
		n    int
	}
	for name, test := range map[string]struct {
		pauses []pause.Pause
		want   []hold
	}{
		"nothing is paused": {[]pause.Pause{{Queue: "receipts-bulk-kcp"}}, nil},
		"the queue of single ones holds no line": {
			[]pause.Pause{closed("receipts-kcp", "kcp"), person("receipts-nice")}, nil,
		},
		"a gateway without lines": {[]pause.Pause{closed("receipts-bulk-daou", "daou")}, nil},
		"the gate of a gateway":   {[]pause.Pause{closed("receipts-bulk-kcp", "kcp")}, []hold{{"kcp", "", 5}}},
		"of another namespace":    {[]pause.Pause{closed("acme:receipts-bulk-kcp", "kcp")}, []hold{{"kcp", "", 5}}},
		"of no gateway":           {[]pause.Pause{closed("receipts-bulk", "unknown")}, []hold{{"unknown", "", 1}}},
		"one gate, two queues": {
			[]pause.Pause{closed("receipts-bulk-kcp", "portone"), closed("receipts-bulk-nice", "portone")},
			[]hold{{"portone", "", 12}},
		},
		"a gate and a person, the most first": {
			[]pause.Pause{closed("receipts-bulk-kcp", "kcp"), person("receipts-bulk-nice"), person("receipts-bulk")},
			[]hold{{"", "kim@ops", 8}, {"kcp", "", 5}},
		},
		"a person at two moments": {
			[]pause.Pause{
				person("receipts-bulk-nice"),
				{Queue: "receipts-bulk-kcp", Paused: true, Since: at.Add(time.Hour), By: "kim@ops", Reason: "maintenance"},
			},
			[]hold{{"", "kim@ops", 7}, {"", "kim@ops", 5}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := map[tasks.Gateway]int{tasks.KCP: 5, tasks.Nice: 7, "": 1}
			holds, all := pause.Holds(open, test.pauses), 0
			var got []hold
			for _, h := range holds {
				got, all = append(got, hold{h.Gate, h.By, h.Lines}), all+h.Lines
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(hold{})); diff != "" || pause.Held(holds) != all {
				t.Errorf("%d held (-want +got):\n%s", pause.Held(holds), diff)
			}
		})
	}
}
