package list_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

const (
	csvHeader = "주문번호,imp_uid,PG사,금액,비고\n"
	csvLine   = "20260716-000000,imp_199449848666,KG이니시스,\"35,000\",\"고객 요청, 단순변심\"\n"
	jsonLine  = "{\"imp_uid\":\"imp_199449848666\",\"pg\":\"html5_inicis\",\"order_no\":\"20260716-000000\"}\n"
)

// Not parallel: it measures the memory of the whole process.
func TestAMillionLinesTakeNoMoreMemoryThanAFew(t *testing.T) {
	const allowed = 8 << 20
	lines := scale.Of(100_000, 1_000_000)
	before := heap()
	reader, err := list.NewReader(io.MultiReader(strings.NewReader(csvHeader), &repeat{csvLine, lines}), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		_, err := reader.Read()
		if err == io.EOF && n == lines+1 {
			break
		}
		if err != nil {
			t.Fatalf("row %d: %v", n, err)
		}
		if n%(lines/4) == 0 {
			if grown := heap() - before; grown > allowed {
				t.Fatalf("%d MiB in use after %d rows, want at most %d MiB", grown>>20, n, allowed>>20)
			}
		}
	}
	runtime.KeepAlive(reader)
}

// Each line opens a quote that no line within reach closes, so that each may be looked at
// for all before it: that would take a minute. The line that closes one is still found.
func TestQuotesThatAreNeverClosedTakeNoLonger(t *testing.T) {
	t.Parallel()
	const line, reach = "a\",\"\n", 1 << 20
	const lines, last = 220_000, (reach - len("\"\n")) / len(line) // lines before the closing one that reach it
	began := time.Now()
	text := "imp_uid,memo\n" + strings.Repeat(line, lines) + "\"\nimp_1,x\n"
	reader, err := list.NewReader(strings.NewReader(text), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range lines - last + 1 {
		var bad *list.LineError
		_, err := reader.Read()
		open := errors.As(err, &bad) && strings.Contains(bad.Error(), "a quote is opened here and not closed")
		if want := n < lines-last; bad == nil || bad.Line != n+2 || open != want {
			t.Fatalf("line %d: got %v, want an open quote: %t", n+2, err, want)
		}
	}
	if row, err := reader.Read(); err != nil || row.ImpUID != "imp_1" || row.Line != lines+3 {
		t.Errorf("got %+v, %v; want imp_1 on line %d", row, err, lines+3)
	}
	if took := time.Since(began); took > scale.Of(2*time.Minute, 20*time.Second) { // the race detector slows it
		t.Errorf("it took %v", took)
	}
}

// Hundreds of megabytes of empty lines, which a small gzip file can hold, end in seconds.
func TestEmptyLinesAreReadInNoTime(t *testing.T) {
	t.Parallel()
	lines := scale.Of(500_000, 20_000_000)
	last := func(impUID string) string { return fmt.Sprintf("%d %s", lines+3, impUID) }
	for _, test := range []struct {
		name, before, empty, after string
		want                       []string
	}{
		{"nothing else", "", "\n", "", nil},
		{"above the header", "", ",\n", "imp_uid,x\nimp_1,\n", []string{fmt.Sprintf("%d imp_1", lines+2)}},
		{"below the header", "imp_uid,x\r\nimp_1,\r\n", "\r\n", "imp_2,", []string{"2 imp_1", last("imp_2")}},
		{"of separators", "imp_uid;x\nimp_1;\n", ";\n", "imp_2;", []string{"2 imp_1", last("imp_2")}},
		{"of CRs", "imp_uid\rimp_1\r", "\r", "imp_2", []string{"2 imp_1", last("imp_2")}},
		{"in NDJSON", "{\"imp_uid\":\"imp_1\"}\n", "\n", "\"imp_2\"", []string{"1 imp_1", fmt.Sprintf("%d imp_2", lines+2)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			in := io.MultiReader(strings.NewReader(test.before), &repeat{test.empty, lines}, strings.NewReader(test.after))
			reader, err := list.NewReader(in, list.Options{})
			if test.want == nil {
				if !errors.Is(err, list.ErrEmpty) {
					t.Errorf("error %v, want ErrEmpty", err)
				}
			} else if err != nil {
				t.Fatal(err)
			} else if diff := cmp.Diff(test.want, rest(t, reader)); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// Not parallel: it measures the memory of the whole process.
func TestImpUIDsOfLongRowsHoldNoMoreThanThemselves(t *testing.T) {
	const lines, allowed = 40, 8 << 20
	line := "imp_1,kcp," + strings.Repeat("x", 500<<10) + "\n"
	text := "imp_uid,pg,memo\n" + strings.Repeat(line, lines)
	before := heap()
	reader, err := list.NewReader(strings.NewReader(text), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for {
		row, err := reader.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, row.ImpUID)
	}
	if grown := heap() - before; grown > allowed || len(kept) != lines {
		t.Errorf("%d MiB in use after %d rows, want at most %d MiB after %d", grown>>20, len(kept), allowed>>20, lines)
	}
	runtime.KeepAlive(reader)
	runtime.KeepAlive(kept)
	runtime.KeepAlive(text)
}

// heap returns how many bytes are in use.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func BenchmarkReader(b *testing.B) {
	for _, test := range []struct{ name, header, line string }{
		{"CSV", csvHeader, csvLine},
		{"CSV_CP949", cp949(csvHeader), cp949(csvLine)},
		{"CSV_CR", strings.ReplaceAll(csvHeader, "\n", "\r"), strings.ReplaceAll(csvLine, "\n", "\r")},
		{"bare", "", "imp_199449848666\n"},
		{"NDJSON", "", jsonLine},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(test.line)))
			in := io.MultiReader(strings.NewReader(test.header), &repeat{test.line, b.N})
			reader, err := list.NewReader(in, list.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N { // not b.Loop: the list must be as long as the loop
				if _, err := reader.Read(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
