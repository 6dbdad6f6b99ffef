package list_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"

	"github.com/google/go-cmp/cmp"
)

// FuzzReader holds that any bytes are read to an end, with line numbers that
// rise, rows that can be asked for, and texts fit for a report; JSON also to where it
// breaks off. Every line of a CSV that holds something is read, reported or noted, and
// one that encoding/csv accepts has the records that encoding/csv finds in it.
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
		"imp_uid,memo\nimp_1,\"a\nimp_2,b\nimp_3,27\"\nimp_4,x\n", "memo,imp_uid\n\",imp_1\n\",imp_2\n",
		"imp_uid,pg\rimp_1,kcp\rimp_2,\r", "imp_uid\nimp_1\rimp_2\r\r\nimp_3\n", "sep=;\nx;y\nimp_uid;pg\n='imp_1;\"\n",
		"i\x00m\x00p\x00_\x001\x00\r\x00i\x00m\x00p\x00_\x002\x00", "imp_uid,pg\nimp_1,\n\xEF\xBB\xBFpg,imp_uid\n,imp_2\n합계,3\n",
		"제목\n\nno|거래고유번호(imp_uid)|PG사\n1|imp_1|kcp.a\n", "imp_1\nimps_2\n", "imp_uid\r\n\n,\n\r\n\r\x1A\nimp_1\x1A", "imp_uid,a\x00b\nimp_1,\n", "\n{\"imp_uid\":\"imp_1\"}\n{", "a\timp_uid\n\"\timp_1\n\"\t\"\n", "\"imp_uid\r\"\n\"a\"\r\r\n",
	} {
		f.Add([]byte(sample))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		reader, err := list.NewReader(bytes.NewReader(data), list.Options{})
		if err != nil {
			return
		}
		found, lines := records(t, reader)
		if reader.Format() != list.CSV { // elements are no lines
			return
		}
		checkAllLines(t, data, reader, lines)
		strict, ok := strictly(data, reader)
		if diff := cmp.Diff(strict, found); ok && diff != "" {
			t.Errorf("records (-encoding/csv +list):\n%s", diff)
		}
	})
}

// records reads all that is left, checks it, and returns the CSV records and the
// lines on which they start.
func records(t *testing.T, reader *list.Reader) (found [][]string, lines map[int]bool) {
	t.Helper()
	lines = make(map[int]bool)
	for line := 0; ; {
		row, err := reader.Read()
		if err == io.EOF {
			return found, lines
		}
		if bad, ok := errors.AsType[*list.LineError](err); ok {
			if bad.Line != bad.Row.Line || !utf8.ValidString(bad.Text) || utf8.RuneCountInString(bad.Text) > 60 {
				t.Fatalf("LineError %+v", bad)
			}
			row = bad.Row
		} else if err != nil && reader.Format() != list.CSV && strings.HasPrefix(err.Error(), "line ") {
			return found, lines // where its elements cannot be told apart any more
		} else if err != nil {
			t.Fatalf("Read: %v", err)
		} else if err := tasks.ValidateImpUID(row.ImpUID); err != nil {
			t.Fatalf("row %+v: %v", row, err)
		}
		if row.Line < line || row.Line == line && reader.Format() == list.CSV {
			t.Fatalf("line %d after line %d", row.Line, line)
		}
		line = row.Line
		lines[line] = true
		found = append(found, row.Columns)
	}
}

var lineEnd = regexp.MustCompile("\r\n|\r|\n")

// checkAllLines holds that each line is one of those, the header, or noted, unless
// it holds nothing but blanks, separators, and what stands around empty cells.
func checkAllLines(t *testing.T, data []byte, reader *list.Reader, lines map[int]bool) {
	t.Helper()
	if bytes.ContainsRune(data, '"') || reader.Layout().Encoding == "UTF-16" { // lines are no records
		return
	}
	lines[reader.Layout().HeaderLine] = true
	for _, note := range reader.Notes() {
		lines[note.Line] = true
	}
	for i, text := range lineEnd.Split(string(data), -1) {
		blank := strings.TrimFunc(text, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(",;\t|^='\x1A", r)
		})
		if blank != "" && !lines[i+1] {
			t.Errorf("line %d, %.80q, was neither read nor reported nor noted", i+1, text)
		}
	}
}

var (
	loneCR  = regexp.MustCompile("\r(?:[^\n]|$)")
	dressed = regexp.MustCompile(`[='\p{Cf}]`)           // what may make a cell empty, and a mark at a line's beginning
	rowLike = regexp.MustCompile(`(?i)imps?_|[0-9]{12}`) // in a cell over several lines, which may be rows between stray quotes
)

// strictly returns the records that encoding/csv finds after the header, and
// false if it cannot say.
func strictly(data []byte, reader *list.Reader) ([][]string, bool) {
	if reader.Layout().Encoding != "UTF-8" || !utf8.Valid(data) || len(reader.Header()) < 2 || len(data) > 64<<10 ||
		loneCR.Match(data) || dressed.Match(data) {
		return nil, false
	}
	comma := map[string]rune{"comma": ',', "semicolon": ';', "tab": '\t', "pipe": '|', "caret": '^'}[reader.Layout().Separator]
	parser := csv.NewReader(bytes.NewReader(data))
	parser.Comma, parser.FieldsPerRecord = comma, -1
	all, err := parser.ReadAll()
	all = slices.DeleteFunc(all, func(columns []string) bool {
		return strings.TrimSpace(strings.Join(columns, "")) == ""
	})
	header := slices.IndexFunc(all, func(columns []string) bool { return slices.Equal(columns, reader.Header()) })
	if err != nil || header < 0 || header == len(all)-1 {
		return nil, false
	}
	for _, cell := range slices.Concat(all...) {
		if strings.ContainsAny(cell, "\r\n") && rowLike.MatchString(cell) {
			return nil, false
		}
	}
	return all[header+1:], true
}
