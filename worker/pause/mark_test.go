package pause

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/tasks/asynqkeys"
)

func TestMarkTellsWhosePauseItIs(t *testing.T) {
	t.Parallel()
	at, closed := time.Unix(1_764_000_000, 0).UTC(), int64(1_764_000_000_999_999)
	for mark, want := range map[string]Pause{
		GateMark("kcp", closed):                         {Gate: "kcp", Since: at, Epoch: closed},
		GateMark("portone", closed):                     {Gate: "portone", Since: at, Epoch: closed},
		GateMark("unknown", closed):                     {Gate: "unknown", Since: at, Epoch: closed},
		"1764000000":                                    {Since: at}, // as Asynq writes it
		personMark(at, "kim@ops", "점검, the gate kcp 5"): {Since: at, By: "kim@ops", Reason: "점검, the gate kcp 5"},
		personMark(at, "", ""):                          {Since: at},
		"1764000000 person by=%zz&reason=why":           {Since: at, Reason: "why"},
		"1764000000 person":                             {Since: at},
		"until nine gate kcp 5":                         {},
		"":                                              {},
		"1":                                             {Since: time.Unix(1, 0).UTC()},
		"1764000000 gate kcp":                           {Since: at}, // of nobody's epoch
		"maintenance until nine":                        {},
		" gate kcp 5":                                   {Gate: "kcp", Epoch: 5},
		"1764000000 gate kcp x":                         {Gate: "kcp", Since: at},
		"1764000000 gate  5":                            {Since: at, Epoch: 5},
	} {
		want.Queue, want.Paused, want.Mark = "receipts", true, mark
		if _, rest, _ := strings.Cut(mark, markPerson); strings.Contains(rest, " ") {
			t.Errorf("%q: workers of older versions look for a gate's mark in it", mark)
		}
		got := readMark("receipts", asynqkeys.Mark{Paused: true, Text: mark})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", mark, diff)
		}
	}
}
