package list_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

// repeat makes up n copies of line, one a Read, without holding them.
type repeat struct {
	line string
	n    int
}

func (r *repeat) Read(p []byte) (int, error) {
	written := 0
	for ; r.n > 0 && len(p)-written >= len(r.line); r.n-- {
		written += copy(p[written:], r.line)
	}
	if written == 0 {
		return 0, io.EOF
	}
	return written, nil
}

func TestLongLinesCostOneRow(t *testing.T) {
	t.Parallel()
	tenMB := func() io.Reader { return &repeat{"0123456789", 1 << 20} }
	long := "line 3 is longer than 1 MiB"
	tests := []struct {
		name, before, after string
		want                []string
	}{
		{"CSV", "memo,imp_uid\na,imp_1\n", ",imp_2\nb,imp_3\n", []string{"2 imp_1", long, "4 imp_3"}},
		{"CSV in quotes", "memo,imp_uid\na,imp_1\n\"", "\",imp_2\nb,imp_3\n", []string{"2 imp_1", long, "4 imp_3"}},
		{"at the end", "memo,imp_uid\na,imp_1\n", "", []string{"2 imp_1", long}},
		{
			"NDJSON", "\n{\"imp_uid\":\"imp_1\"}\n{\"x\":\"", "\"}\n{\"imp_uid\":\"imp_3\"}\n",
			[]string{"2 imp_1", long, "4 imp_3"},
		},
		{"first line of NDJSON", "\n\n{\"x\":\"", "\"}\n{\"imp_uid\":\"imp_3\"}\n", []string{long, "4 imp_3"}},
		{"bare imp_uids", "imp_1\n\n", "\nimp_3\n", []string{"1 imp_1", long, "4 imp_3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := io.MultiReader(strings.NewReader(test.before), tenMB(), strings.NewReader(test.after))
			if diff := cmp.Diff(test.want, read(t, in, list.Options{})); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLineOfExactly1MiBIsRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		size int
		want []string
	}{
		{"more than is buffered at first", 70_000, []string{"2 imp_1", "3 imp_2"}},
		{"1 MiB", 1 << 20, []string{"2 imp_1", "3 imp_2"}},
		{"a byte more", 1<<20 + 1, []string{"line 2 is longer than 1 MiB", "3 imp_2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			line := "imp_1," + strings.Repeat("x", test.size-len("imp_1,\n")) + "\n"
			in := strings.NewReader("imp_uid,memo\n" + line + "imp_2,\n")
			if diff := cmp.Diff(test.want, read(t, in, list.Options{})); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenQuoteBeforeALongListCostsOneLine(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	in := io.MultiReader(strings.NewReader("memo,imp_uid\n\"open,imp_0\n"), &repeat{"a,imp_123456\n", rows})
	got := read(t, in, list.Options{})
	if len(got) != rows+1 {
		t.Fatalf("read %d results, want %d", len(got), rows+1)
	}
	last := fmt.Sprintf("%d imp_123456", rows+2)
	want := []string{"line 2: a quote is opened here and not closed", "3 imp_123456", last}
	if diff := cmp.Diff(want, []string{got[0], got[1], got[rows]}); diff != "" {
		t.Errorf("first, second and last (-want +got):\n%s", diff)
	}
}

func TestReadErrorIsFinal(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is broken")
	for _, test := range []struct{ name, list string }{
		{"in a line", "imp_uid\nimp_1\nimp_2"},
		{"between lines", "imp_uid\nimp_1\n"},
		{"in quotes", "imp_uid\nimp_1\n\"x\ny\n"},
		{"in a long line", "imp_uid\nimp_1\n" + strings.Repeat("x", 100<<10)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// The header's 64 KiB are looked at first, so the list must reach beyond them.
			filler := strings.Repeat("\n", 64<<10)
			in := io.MultiReader(strings.NewReader("imp_uid\n"+filler+test.list), iotest.ErrReader(broken))
			reader, err := list.NewReader(in, list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var rows, finals int
			for range 10 {
				row, err := reader.Read()
				switch {
				case err == nil && row.ImpUID == "imp_1":
					rows++
				case errors.Is(err, broken):
					finals++
				case err == nil || err == io.EOF:
					t.Errorf("Read() = %v, %v: a line cut short, or the error forgotten", row, err)
				}
			}
			if rows != 1 || finals < 7 {
				t.Errorf("%d rows and %d errors of the reader, want 1 row, then errors", rows, finals)
			}
		})
	}
}

func TestSmallReadsMakeNoDifference(t *testing.T) {
	t.Parallel()
	text := "memo,imp_uid\n\"a\n\"\"b\",imp_1\n\n\"c,imp_2\nd,imp_3"
	want := read(t, strings.NewReader(text), list.Options{})
	got := read(t, iotest.DataErrReader(iotest.OneByteReader(strings.NewReader(text))), list.Options{})
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 3 {
		t.Errorf("read byte by byte (-want +got):\n%s", diff)
	}
}
