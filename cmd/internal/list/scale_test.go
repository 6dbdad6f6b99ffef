package list_test

import (
	"io"
	"runtime"
	"strings"
	"testing"

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
