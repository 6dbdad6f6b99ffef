package list_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"

	"github.com/google/go-cmp/cmp"
)

// read returns what a list holds: "LINE IMP_UID PG" for a row, the text of the
// error for a line that cannot be used.
func read(t testing.TB, in io.Reader, opts list.Options) []string {
	t.Helper()
	reader, err := list.NewReader(in, opts)
	if err != nil {
		t.Fatalf("NewReader: %v", err)
	}
	return rest(t, reader)
}

func rest(t testing.TB, reader *list.Reader) []string {
	t.Helper()
	var got []string
	for {
		row, err := reader.Read()
		if err == io.EOF {
			return got
		}
		if bad, ok := errors.AsType[*list.LineError](err); ok {
			got = append(got, bad.Error())
			continue
		}
		if err != nil {
			t.Fatalf("Read after %q: %v", got, err)
		}
		got = append(got, strings.Join(strings.Fields(fmt.Sprint(row.Line, " ", row.ImpUID, " ", row.PG, " ", row.ApplyNum, " ", row.Tier)), " "))
	}
}

// golden is a list, and what is to be read from it.
type golden struct {
	name string
	list string
	opts list.Options
	want []string
}

func (g golden) run(t *testing.T) {
	t.Run(g.name, func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff(g.want, read(t, strings.NewReader(g.list), g.opts)); diff != "" {
			t.Errorf("read (-want +got):\n%s", diff)
		}
	})
}

func TestExportsOfOrderSystems(t *testing.T) {
	t.Parallel()
	clean := []string{
		"imp_199449848666 html5_inicis", "imp_690645359703 nice_v2", "imp_987514999731 html5_inicis",
		"imp_769348272982 kcp",
	}
	tests := []struct {
		file     string
		format   list.Format
		encoding string
		header   []string
		want     []string
	}{
		{
			"refunds.csv", list.CSV, "UTF-8",
			[]string{"order_no", "imp_uid", "pg_provider", "amount", "refunded_at"},
			numbered(2, append(clean, "imp_705342170636 html5_inicis")...),
		},
		{
			"refunds.ndjson", list.NDJSON, "UTF-8", nil,
			numbered(1, append(clean, "imp_705342170636 html5_inicis", "imp_565634352689 nice")...),
		},
		{
			"refunds-euckr.csv", list.CSV, "EUC-KR (CP949)",
			[]string{"주문번호", "포트원 거래고유번호", "PG사", "금액", "환불일시", "비고"},
			append(numbered(2, append(clean, "imp_705342170636 html5_inicis", "imp_829295231584 tosspayments")...),
				"line 8: the imp_uid is empty",
				"9 imp_150309141431 kcp",
				`line 10: imp_uid "imp_12 34" contains ' ', only A-Z a-z 0-9 _ and - are allowed`,
				`line 11: imp_uid "external/imp_503409148335" contains '/', only A-Z a-z 0-9 _ and - are allowed`,
				"12 imps_834335603532 nice_v2",
				"13 imp_613646050832 nice",
				"line 14: the line looks like a row of totals"),
		},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			t.Parallel()
			file, err := os.Open(filepath.Join("testdata", test.file))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			reader, err := list.NewReader(file, list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := reader.Format(); got != test.format {
				t.Errorf("Format() = %s, want %s", got, test.format)
			}
			if got := reader.Layout().Encoding; got != test.encoding {
				t.Errorf("Encoding = %s, want %s", got, test.encoding)
			}
			if diff := cmp.Diff(test.header, reader.Header()); diff != "" {
				t.Errorf("Header() (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, rest(t, reader)); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

// numbered puts the numbers of their lines before rows.
func numbered(line int, rows ...string) []string {
	var lines []string
	for i, row := range rows {
		lines = append(lines, fmt.Sprintf("%d %s", line+i, row))
	}
	return lines
}

func TestRowsAndErrorsKeepWhatWasRead(t *testing.T) {
	t.Parallel()
	reader, err := list.NewReader(strings.NewReader(
		"imp_uid,비고,PG사\n imp_1 ,\"a, \"\"b\"\"\",새PG\n,합계,\nimp/2,x,kcp\n"), list.Options{PG: tasks.Nice})
	if err != nil {
		t.Fatal(err)
	}
	row, err := reader.Read()
	want := list.Row{Line: 2, ImpUID: "imp_1", PG: "새PG", Columns: []string{" imp_1 ", `a, "b"`, "새PG"}}
	if diff := cmp.Diff(want, row); diff != "" || err != nil {
		t.Errorf("row with error %v (-want +got):\n%s", err, diff)
	}
	for _, want := range []list.LineError{
		{Line: 3, Text: ",합계,", Row: list.Row{Line: 3, PG: tasks.Nice, Columns: []string{"", "합계", ""}}},
		{Line: 4, Text: "imp/2", Row: list.Row{
			Line: 4, ImpUID: "imp/2", PG: tasks.KCP, Columns: []string{"imp/2", "x", "kcp"},
		}},
	} {
		_, err := reader.Read()
		got, ok := errors.AsType[*list.LineError](err)
		if !ok || !errors.Is(err, tasks.ErrInvalid) {
			t.Fatalf("Read() = %v, want a *LineError that is tasks.ErrInvalid", err)
		}
		want.Err = got.Err
		if diff := cmp.Diff(want, *got, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
			t.Errorf("LineError (-want +got):\n%s", diff)
		}
	}
}

func TestOffendingTextIsCutAt60Runes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		list string
	}{
		{"imp_uid", "imp_uid\n" + strings.Repeat("가", 100)},
		{"line too long, cut within a character", "imp_uid\n" + strings.Repeat("가", 1<<20)},
		{"line too long, CP949", cp949("imp_uid,비고\n" + strings.Repeat("가", 1<<20))},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = reader.Read()
			bad, ok := errors.AsType[*list.LineError](err)
			if want := strings.Repeat("가", 59) + "…"; !ok || bad.Text != want {
				t.Errorf("Read() = %v with Text %q, want Text %q", err, bad.Text, want)
			}
		})
	}
}
