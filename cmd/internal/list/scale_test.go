package list_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"receiptrevoker/cmd/internal/list"
)

const (
	csvHeader = "주문번호,imp_uid,PG사,금액,비고\n"
	csvLine   = "20260716-000000,imp_199449848666,KG이니시스,\"35,000\",\"고객 요청, 단순변심\"\n"
	jsonLine  = "{\"imp_uid\":\"imp_199449848666\",\"pg\":\"html5_inicis\",\"order_no\":\"20260716-000000\"}\n"
)

// Not parallel: it measures the memory of the whole process.
func TestAMillionLinesTakeNoMoreMemoryThanAFew(t *testing.T) {
	const lines, allowed = 1_000_000, 8 << 20
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
		if n%250_000 == 0 {
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
	const line, reach = "a\",\"\n", 64 << 10
	const lines, last = 50_000, (reach - len("\"\n")) / len(line) // lines before the closing one that reach it
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
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
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
