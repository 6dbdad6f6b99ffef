package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

func TestFoldBreaksAtBlanks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"fits":              {"one two three", "one two three"},
		"just":              {"one two three four!!", "one two three four!!"},
		"too wide":          {"one two three four five", "one two three four\n  five"},
		"blank at the edge": {"one two three four!! five", "one two three four!!\n  five"},
		"a long word":       {"a " + strings.Repeat("x", 45), "a\n  xxxxxxxxxxxxxxxxxx\n  xxxxxxxxxxxxxxxxxx\n  xxxxxxxxx"},
		"Korean":            {"현금영수증 취소 실패 현금영수증", "현금영수증 취소 실패\n  현금영수증"},
		"blanks before":     {"    " + strings.Repeat("x", 18), "    xxxxxxxxxxxxxxxx\n  xx"},
		"columns stay":      {"a    b    c", "a    b    c"},
	} {
		if got := fold(test.text, 20, 2); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("one two three four five six seven eight nine ten eleven twelve", "x")
	f.Add("현금영수증 취소", "\x1b[31m\u202e\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		for line := range strings.SplitSeq(fold(plain(a+" "+b+strings.Repeat(a, 9)), 40, hanging), "\n") {
			if width := runewidth.StringWidth(line); width > 40 {
				t.Errorf("%q is %d wide", line, width)
			}
		}
	})
}

func TestTableFits(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	var tab table
	tab.row("QUEUE", "PENDING", "RATE", "PAUSED")
	tab.row("receipts", "1", "0.0/s", "no")
	tab.row("receipts-bulk-tosspayments", "1234567", "5/s", "gate "+tab.note("by the gate of kcp, closed since yesterday"))
	tab.row("receipts-kcp", "2", "-", "gate "+tab.note("by the gate of kcp, closed since yesterday"))
	want := `QUEUE        PENDING  RATE  PAUSED
receipts           1 0.0/s  no
receipts-bulk-tosspayments
             1234567   5/s  gate [1]
receipts-kcp       2     -  gate [1]
[1] by the gate of kcp, closed since
    yesterday
`
	if err := tab.print(screen{out: &text, columns: 36}); err != nil || text.String() != want {
		t.Errorf("%v (-want +got):\n%s", err, cmp.Diff(want, text.String()))
	}
	text.Reset() // in a pipe a row is a line
	if err := tab.print(screen{out: &text}); err != nil || strings.Count(text.String(), "\n") != 5 {
		t.Errorf("%v:\n%s", err, text.String())
	}
}

func TestWhatHoldsIsNamed(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 26, 8, 49, 0, 0, time.Local)
	since := "since 2026-11-26 08:49:00 " + at.Format("MST")
	now := at.Add(time.Minute)
	snapshot := func(portone bool, probe time.Time) gate.Snapshot {
		return gate.Snapshot{Now: now, Gates: map[gate.Name]gate.State{gate.PortOne: {Closed: portone}, "kcp": {Closed: true, NextProbe: probe}}}
	}
	for got, want := range map[string]string{
		waitsFor(pause.Pause{Gate: "kcp", Since: at}):                "waits for the gate of kcp, closed " + since,
		waitsFor(pause.Pause{Gate: string(gate.PortOne), Since: at}): "waits for PortOne's gate, closed " + since,
		waitsFor(pause.Pause{Gate: string(gate.Unknown)}):            "waits for the gate of tasks without a gateway",
		waitsFor(pause.Pause{Paused: true, By: "kim", Since: at}):    "its queue is paused by kim, " + since,
		waitsFor(pause.Pause{Paused: true}):                          "its queue is paused by a person, in Asynq's web UI or with its tool",

		linesWait(pause.Hold{Pause: pause.Pause{Gate: "kcp"}, Lines: 1}):                          "1 line waits for the gate of kcp",
		linesWait(pause.Hold{Pause: pause.Pause{Paused: true, By: "kim", Reason: "x"}, Lines: 2}): "2 lines are paused by kim: x",

		nextProbe("kcp", snapshot(true, now.Add(-time.Minute))):                        "next probe after PortOne's gate",
		nextProbe("kcp", snapshot(false, now.Add(-time.Second))):                       "its next probe is due",
		nextProbe("kcp", snapshot(false, at.Add(2*time.Minute))):                       "next probe at 2026-11-26 08:51:00 " + at.Format("MST") + ", if a request waits",
		state(outcome.Batch{Open: 5, Held: 5, Complete: true, Rate: 1}):                "5 held",
		state(outcome.Batch{Open: 5, Held: 4, Complete: true, Rate: 1}):                "2s left, 4 held",
		state(outcome.Batch{Open: 5, Complete: false, Rate: 1}):                        "not read to its end",
		state(outcome.Batch{Open: 5, Complete: true}):                                  "open",
		pace(outcome.Batch{Open: 240, Held: 240, Revoked: 9, Complete: true, Rate: 8}): "9 revoked, 0 dead, 240 held",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
