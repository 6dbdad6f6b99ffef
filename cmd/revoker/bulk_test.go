package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/text/encoding/korean"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// newEmbeddedWorld returns a world on a miniredis.
func newEmbeddedWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, "redis://"+redistest.Embedded(t).Options().Addr+"/0", iamporttest.Config{})
}

func TestBulkTellsOfHiddenLinesInOrder(t *testing.T) {
	t.Parallel()
	list := "imp_uid\nimp_1\n" + strings.Repeat("imp_1\n", shownBadLines+2) + strings.Repeat("imp 1\n", shownBadLines+3)
	w := newEmbeddedWorld(t)
	for i := range 10 {
		w.stdin = strings.NewReader(list)
		_, _, stderr := w.run(t.Context(), "bulk", "-", "--batch", fmt.Sprint("list-", i))
		want := "… and 3 more lines that cannot be used\n… and 2 more lines that repeat another\n"
		if !strings.Contains(stderr, want) {
			t.Fatalf("run %d: got\n%.9000s\nwant %s", i, stderr, want)
		}
	}
}

// Two lists of one name, asked for in the same second, are two batches.
func TestDefaultBatchIsFree(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 23, 25, 31, 0, time.FixedZone("KST", 9*60*60))
	for list, want := range map[string]string{
		"sa/refunds.csv": "refunds", "-": "stdin", "환불 목록.xlsx": "환불-목록", "?.csv": "list",
		strings.Repeat("가", 100) + ".csv": strings.Repeat("가", 40),
	} {
		names := map[string]bool{}
		for range 5 {
			var s bulkSettings
			if err := s.settle(list, now); err != nil {
				t.Errorf("%s: %v", list, err)
			}
			if !regexp.MustCompile("^" + want + "-20261126-142531-[a-z2-7]{4}$").MatchString(s.batch) {
				t.Errorf("%s: got %q", list, s.batch)
			}
			names[s.batch] = true
		}
		if len(names) < 2 {
			t.Errorf("%s: always %v", list, names)
		}
	}
	named := bulkSettings{batch: "refunds-2026-11"}
	if err := named.settle("sa/refunds.csv", now); err != nil || named.batch != "refunds-2026-11" {
		t.Errorf("a batch that is named: got %q, %v", named.batch, err)
	}
}

func TestBulkSaysHowTheListIsEncoded(t *testing.T) {
	t.Parallel()
	text := "비고,거래고유번호\n환불,imp_100000000001\n"
	excel, err := korean.EUCKR.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for want, list := range map[string]string{
		"1 line: 1 queued":                           text,
		"1 line, read as EUC-KR (CP949): 1 queued":   excel,
		"2 lines, read as EUC-KR (CP949): 2 queued,": excel + "-,imp_100000000002\n",
	} {
		w := newEmbeddedWorld(t)
		w.stdin = strings.NewReader(list)
		code, _, stderr := w.run(t.Context(), "bulk", "-")
		if code != exitDone || !strings.HasPrefix(stderr, want) {
			t.Errorf("exit code %d, got %q, want %q", code, stderr, want)
		}
	}
}

// A list that cannot be read to its end has more lines than were seen: its batch
// is open, and the whole list goes on with it.
func TestBulkGoesOnWithAListThatBrokeOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		broken int
		want   string
	}{
		"before any is asked for": {900, "the disk is broken: nothing is asked for; give the list again"},
		"later":                   {1300, "the disk is broken: the batch refunds has "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newEmbeddedWorld(t)
			lines := test.broken + 100
			whole := w.list(lines)
			part := whole[:strings.Index(whole, fmt.Sprintf("imp_%012d", test.broken))]
			w.stdin = io.MultiReader(strings.NewReader(part), iotest.ErrReader(errors.New("the disk is broken")))
			code, _, stderr := w.run(t.Context(), "bulk", "-", "--batch", "refunds")
			if code != exitFailed || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, got %q, want %q", code, stderr, test.want)
			}
			_, stdout, _ := w.run(t.Context(), "batch", "show", "refunds", "--json")
			if strings.Contains(stdout, `"complete":true`) {
				t.Errorf("the batch is taken for complete: %s", stdout)
			}

			w.stdin = strings.NewReader(whole)
			if code, _, stderr := w.run(t.Context(), "bulk", "-", "--batch", "refunds"); code != exitDone {
				t.Errorf("the whole list: exit code %d: %s", code, stderr)
			}
			w.shows(t, exitUnfinished, fmt.Sprintf(`"lines":%d,"complete":true`, lines), "batch", "show", "refunds", "--json")
		})
	}
}
