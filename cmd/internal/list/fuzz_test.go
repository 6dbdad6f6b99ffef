package list_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"

	"github.com/google/go-cmp/cmp"
)

// FuzzReader holds that any bytes are read to an end, with line numbers that
// rise, rows that can be asked for, and texts fit for a report. A list that
// encoding/csv accepts has the records that encoding/csv finds in it.
func FuzzReader(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		sample, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sample)
	}
	for _, sample := range []string{
		"imp_uid,memo\n\"imp_1\",\"a\n\"\"b\"\",\"\r\nimp_2,\"open\n,,\n\"x\"y,\nimp_3",
		"\xEF\xBB\xBFno;imp_uid\n1;imp_1\n", "\xFF\xFEi\x00m\x00p\x00_\x001\x00\n\x00",
		"imp_1\nimps_2\n", "\n{\"imp_uid\":\"imp_1\"}\n{", "a\timp_uid\n\"\timp_1\n\"\t\"\n", "\"imp_uid\r\"\n\"a\"\r\r\n",
	} {
		f.Add([]byte(sample))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		reader, err := list.NewReader(bytes.NewReader(data), list.Options{})
		if err != nil {
			return
		}
		found := records(t, reader)
		strict, ok := strictly(data, reader)
		if diff := cmp.Diff(strict, found); ok && diff != "" {
			t.Errorf("records (-encoding/csv +list):\n%s", diff)
		}
	})
}

// records reads all that is left, checks it, and returns the CSV records.
func records(t *testing.T, reader *list.Reader) [][]string {
	t.Helper()
	var found [][]string
	for line := 0; ; {
		row, err := reader.Read()
		if err == io.EOF {
			return found
		}
		if bad, ok := errors.AsType[*list.LineError](err); ok {
			if bad.Line != bad.Row.Line || !utf8.ValidString(bad.Text) || utf8.RuneCountInString(bad.Text) > 60 {
				t.Fatalf("LineError %+v", bad)
			}
			row = bad.Row
		} else if err != nil {
			t.Fatalf("Read: %v", err)
		} else if err := tasks.ValidateImpUID(row.ImpUID); err != nil {
			t.Fatalf("row %+v: %v", row, err)
		}
		if row.Line <= line {
			t.Fatalf("line %d after line %d", row.Line, line)
		}
		line = row.Line
		found = append(found, row.Columns)
	}
}

// strictly returns the records that encoding/csv finds after the header, and
// false if it cannot say.
func strictly(data []byte, reader *list.Reader) ([][]string, bool) {
	if reader.Encoding() != "UTF-8" || !utf8.Valid(data) || len(reader.Header()) < 2 || len(data) > 64<<10 {
		return nil, false
	}
	for _, comma := range ",;\t" {
		parser := csv.NewReader(bytes.NewReader(data))
		parser.Comma, parser.FieldsPerRecord = comma, -1
		all, err := parser.ReadAll()
		all = slices.DeleteFunc(all, func(columns []string) bool {
			return strings.TrimSpace(strings.Join(columns, "")) == ""
		})
		if err == nil && len(all) > 1 && slices.Equal(all[0], reader.Header()) {
			return all[1:], true
		}
	}
	return nil, false
}
