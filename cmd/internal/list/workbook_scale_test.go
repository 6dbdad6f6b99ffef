package list_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"receiptrevoker/cmd/internal/list"
)

// listFile names the workbook that a child process is to read.
const listFile = "REVOKER_TEST_LIST"

// A workbook of a million rows, with two million texts that are all different, is read
// within 150 MB of a whole process, and so is one that holds its texts in the cells.
func TestAMillionRowsOfAWorkbookTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	const rows, allowed = 1_000_000, 150_000_000
	for _, shared := range []bool{true, false} {
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
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("rows and bytes: %d %d\n", rows, usage.Maxrss<<10)
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
