package list_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/cmd/internal/list"
)

// listFile names the workbook that a child process is to read.
const listFile = "REVOKER_TEST_LIST"

// A workbook of a million rows, with two million texts that are all different, is read
// within 150 MB that Go takes from the system at most, in a process of its own, and a
// smaller one outside of proofs, for which 150 MB are plenty. Texts in
// the cells are not kept at all, for which fewer rows are proof enough.
func TestAMillionRowsOfAWorkbookTakeLittleMemory(t *testing.T) {
	const allowed = 150_000_000
	for _, shared := range []bool{true, false} {
		rows := scale.Of(3_000, 200_000)
		if shared {
			rows = scale.Of(3_000, 1_000_000)
		}
		t.Run(fmt.Sprintf("shared texts %t", shared), func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "large.xlsx")
			file, err := os.Create(name)
			if err == nil {
				err = errors.Join(writeLarge(file, rows, shared), file.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
			child := exec.Command(os.Args[0], "-test.run=^TestReadInChild$", "-test.v")
			child.Env = append(os.Environ(), listFile+"="+name)
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v:\n%s", err, out)
			}
			_, figures, _ := strings.Cut(string(out), "rows and bytes: ")
			read, memory, _ := strings.Cut(strings.SplitN(figures, "\n", 2)[0], " ")
			used, err := strconv.Atoi(memory)
			if read != strconv.Itoa(rows) || err != nil || used > allowed {
				t.Errorf("read %s rows in %s bytes, want %d rows in at most %d", read, memory, rows, allowed)
			}
			t.Logf("%d MB", used/1_000_000)
		})
	}
}

func TestReadInChild(t *testing.T) {
	name := os.Getenv(listFile)
	if name == "" {
		t.Skip("is run by another test")
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := list.NewReader(file, list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	rows := 0
	for {
		row, err := reader.Read()
		if err == io.EOF {
			break
		}
		if want := fmt.Sprintf("imp_%012d", rows); err != nil || row.ImpUID != want {
			t.Fatalf("row %d is %q, want %q, error %v", rows, row.ImpUID, want, err)
		}
		rows++
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Printf("rows and bytes: %d %d\n", rows, stats.Sys)
}

func BenchmarkWorkbook(b *testing.B) {
	for _, shared := range []bool{true, false} {
		b.Run(fmt.Sprintf("shared texts %t", shared), func(b *testing.B) {
			var file bytes.Buffer
			if err := writeLarge(&file, b.N, shared); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			reader, err := list.NewReader(bytes.NewReader(file.Bytes()), list.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer reader.Close()
			for range b.N { // not b.Loop: the list must be as long as the loop
				if _, err := reader.Read(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
