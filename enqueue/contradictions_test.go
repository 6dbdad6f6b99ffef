package enqueue_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// written returns lines from line 2 on, each "imp_uid,apply_num,tier" without what is empty
// at its end.
func written(texts ...string) (lines []enqueue.Line) {
	for i, text := range texts {
		cells := append(strings.Split(text, ","), "", "")
		lines = append(lines, enqueue.Line{Number: i + 2, ImpUID: cells[0], ApplyNum: cells[1], Tier: cells[2], PG: tasks.KCP})
	}
	return lines
}

// onGateways returns lines of one imp_uid.
func onGateways(names ...tasks.Gateway) (lines []enqueue.Line) {
	for i, pg := range names {
		lines = append(lines, enqueue.Line{Number: i + 2, ImpUID: "imp_1", PG: pg})
	}
	return lines
}

// marked returns lines as they are once the whole list is known.
func marked(lines []enqueue.Line) (all []enqueue.Line) {
	found := enqueue.FindContradictions(slices.Values(lines))
	for _, line := range lines {
		all = append(all, found.Mark(line))
	}
	return all
}

var contradictions = map[string]struct {
	lines       []enqueue.Line
	once, whole string // the kinds of a list that is read once, and of one that is known as a whole
	others      string // the lines that the errors name in the latter
}{
	"none":                     {written("imp_1", "imp_2,7", "imp_3,,ABC"), "qqq", "qqq", ""},
	"the same line":            {written("imp_1,7,ABC", "imp_1,7,ABC"), "qr", "qr", ""},
	"another number":           {written("imp_1,1", "imp_1,2"), "qi", "ii", "3 2"},
	"another tier":             {written("imp_1,,SSS", "imp_1,,TTT"), "qi", "ii", "3 2"},
	"a number, and none":       {written("imp_1,7", "imp_1"), "qi", "ii", "3 2"},
	"none, and a number":       {written("imp_1", "imp_1,7,SSS"), "qi", "ii", "3 2"},
	"zeros before a number":    {written("imp_1,007", "imp_1,7"), "qr", "qr", ""},
	"three, and a repeated":    {written("imp_1,1", "imp_1,1", "imp_1,2", "imp_1,3"), "qrii", "iiii", "4 4 2 2"},
	"others between":           {written("imp_1,1", "imp_2", "imp_1,2", "imp_2"), "qqir", "iqir", "4 2"},
	"no number of ours":        {written("a,1", "a,2"), "qi", "ii", "3 2"},
	"one that is invalid":      {written("imp_1,1", "imp_1,NULL"), "qi", "qi", ""},
	"a tier that is invalid":   {written("imp_1,,abc", "imp_1"), "iq", "iq", ""},
	"another gateway":          {onGateways("kcp", "settle"), "qi", "ii", "3 2"},
	"the same gateway":         {onGateways("kcp", "NHN KCP"), "qr", "qr", ""},
	"no gateway, and one":      {onGateways("", "kcp", "unknown"), "qrr", "qrr", ""},
	"none, and two gateways":   {onGateways("", "kcp", "settle"), "qri", "iii", "4 4 2"},
	"number and tier as other": {written("imp_1,ABC", "imp_1,,ABC"), "qi", "ii", "3 2"},
}

// Lines of one imp_uid that name different receipts or tiers are not asked for, and no run of
// the list tells anything else.
func TestLinesThatContradictEachOther(t *testing.T) {
	t.Parallel()
	for name, test := range contradictions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for want, lines := range map[string][]enqueue.Line{test.once: test.lines, test.whole: marked(test.lines)} {
				redistest.One(t, func(t *testing.T, client *redis.Client) {
					previews, err := preview(t, client, lines)
					foreseen := ""
					for _, p := range previews {
						foreseen += string(p.Kind)
					}
					if err != nil || foreseen != want {
						t.Errorf("the preview is %s, %v; want %s", foreseen, err, want)
					}
					for range 2 {
						if got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil || got != want {
							t.Errorf("got %s, %v; want %s", got, err, want)
						}
					}
					if b := figures(t, client); b.Invalid != strings.Count(want, "i") || b.Queued != strings.Count(want, "q") {
						t.Errorf("got %+v, want %s", b, want)
					}
				})
			}
			var others []string
			for i, line := range marked(test.lines) {
				var number, other int
				if line.Invalid == nil || test.lines[i].Invalid != nil {
					continue
				}
				_, rest, _ := strings.Cut(line.Invalid.Error(), line.Text+": ")
				_, _ = fmt.Sscanf(line.Invalid.Error(), "line %d: ", &number)
				if _, err := fmt.Sscanf(rest, "line %d names another apply_num, tier or gateway: none of them is asked for", &other); err != nil ||
					number != line.Number {
					t.Errorf("line %d: got %v", line.Number, line.Invalid)
				}
				others = append(others, fmt.Sprint(other))
			}
			if got := strings.Join(others, " "); got != test.others {
				t.Errorf("the errors name the lines %s, want %s", got, test.others)
			}
		})
	}
}

// A list that was read once, through a pipe, is the same list as a file.
func TestContradictingLinesAreTheSameListEitherWay(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		lines := written("imp_1,1", "imp_1,2", "imp_2")
		for range 2 {
			for _, lines := range [][]enqueue.Line{lines, marked(lines)} {
				if got, err := kinds(t.Context(), t, client, lines, enqueue.BatchOptions{}); err != nil || got != "qiq" {
					t.Errorf("got %s, %v; want what the first run said", got, err)
				}
			}
		}
		batch, err := enqueue.NewClient(client, enqueue.Config{}).Batch(name, enqueue.BatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var told []bool
		for result, err := range batch.Compare(t.Context(), slices.Values(marked(lines))) {
			if err != nil {
				t.Fatal(err)
			}
			if told = append(told, result.Invalid != nil); told[len(told)-1] != (result.Kind == outcome.KindInvalid) {
				t.Errorf("line %d: %c, %v", result.Number, result.Kind, result.Invalid)
			}
		}
		if len(told) != 3 {
			t.Errorf("%d lines are compared, want 3", len(told))
		}
	})
}
