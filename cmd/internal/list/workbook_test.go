package list_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

// text returns a cell that holds its text itself.
func text(reference, value string) string {
	return `<c r="` + reference + `" t="inlineStr"><is><t>` + value + `</t></is></c>`
}

func row(n int, cells ...string) string {
	return fmt.Sprintf(`<row r="%d">%s</row>`, n, strings.Join(cells, ""))
}

// columnsOf returns the rows of a list, each with its line, and fails on any error.
func columnsOf(t testing.TB, in io.Reader, opts list.Options) (*list.Reader, []string) {
	t.Helper()
	reader, err := list.NewReader(in, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	var got []string
	for {
		row, err := reader.Read()
		if err == io.EOF {
			return reader, got
		}
		if err != nil {
			t.Fatalf("Read after %q: %v", got, err)
		}
		got = append(got, fmt.Sprintf("%d %s", row.Line, strings.Join(row.Columns, "|")))
	}
}

func TestCellsAreReadAsAPersonSeesThem(t *testing.T) {
	t.Parallel()
	header := row(1, text("A1", "imp_uid"), text("B1", "x"))
	tests := []struct{ name, cell, want string }{
		{"number", `<c r="B2"><v>123456789</v></c>`, "123456789"},
		{"number of type n", `<c r="B2" t="n"><v>0012</v></c>`, "0012"},
		{"large number", `<c r="B2"><v>1.23456789012E+15</v></c>`, "1234567890120000"},
		{"fraction with the digits of binary", `<c r="B2"><v>35000.199999999997</v></c>`, "35000.2"},
		{"negative", `<c r="B2"><v>-0.5</v></c>`, "-0.5"},
		{"date, as its number", `<c r="B2" s="14"><v>46215.5</v></c>`, "46215.5"},
		{"date in ISO 8601", `<c r="B2" t="d"><v>2026-11-26T09:00:00</v></c>`, "2026-11-26T09:00:00"},
		{"true", `<c r="B2" t="b"><v>1</v></c>`, "TRUE"},
		{"false", `<c r="B2" t="b"><v>0</v></c>`, "FALSE"},
		{"empty boolean", `<c r="B2" t="b"/>`, ""},
		{"error", `<c r="B2" t="e"><v>#N/A</v></c>`, "#N/A"},
		{"result of a formula", `<c r="B2" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>`, "ab"},
		{"result of a formula that is a number", `<c r="B2"><f>SUM(A1:A9)</f><v>7</v></c>`, "7"},
		{"formula without a result", `<c r="B2"><f>NOW()</f></c>`, ""},
		{"style alone", `<c r="B2" s="3"/>`, ""},
		{"shared text", `<c r="B2" t="s"><v>0</v></c>`, "공유"},
		{"shared text in runs, without its phonetic hint", `<c r="B2" t="s"><v>1</v></c>`, "굵은 글씨"},
		{"shared text that is empty", `<c r="B2" t="s"><v>2</v></c>`, ""},
		{"shared text with an escape", `<c r="B2" t="s"><v>3</v></c>`, "a\r\nb_x000D_"},
		{"text in runs", `<c r="B2" t="inlineStr"><is><r><t>im</t></r><r><rPr><b/></rPr><t>p</t></r></is></c>`, "imp"},
		{"entities", text("B2", "a &amp; b &lt;c&gt; &#44032;"), "a & b <c> 가"},
		{"CDATA", text("B2", "<![CDATA[a<b]]>"), "a<b"},
		{"separators, quotes and a line break", text("B2", "a,\"b\";c\n\"d\"|^\te"), "a,\"b\";c\n\"d\"|^\te"},
		{"with a prefix", `<x:c r="B2" t="str"><x:v>v</x:v></x:c>`, "v"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			made := book{
				sheets: []madeSheet{{name: "S", rows: header + row(2, text("A2", "imp_1"), test.cell, text("C2", "end"))}},
				strings: `<si><t>공유</t></si><si><r><t>굵은 </t></r><r><t>글씨</t></r><rPh sb="0" eb="1"><t>x</t></rPh></si>` +
					`<si/><si><t>a_x000D_` + "\n" + `b_x005F_x000D__x0007_</t></si>`,
			}
			_, got := columnsOf(t, bytes.NewReader(made.bytes(t)), list.Options{})
			if diff := cmp.Diff([]string{"2 imp_1|" + test.want + "|end"}, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWorkbookRows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, rows string
		opts       list.Options
		want       []string
	}{
		{
			name: "sparse rows, hidden ones, and rows that are missing",
			rows: row(3, text("B3", "imp_uid"), text("D3", "pg")) + `<row r="4"/>` + row(5, text("B5", "imp_1")) +
				`<row r="9" hidden="1">` + text("B9", "imp_2") + text("D9", "kcp") + `</row>` + row(10, text("D10", "합계")),
			want: []string{"5 imp_1", "9 imp_2 kcp", "line 10: the line looks like a row of totals"},
		},
		{
			name: "a title, and a line break in the name of a column",
			rows: row(1, text("A1", "2026-11 환불, 취소;")) + row(3, text("B3", "포트원\n거래고유번호"), text("C3", "PG\r\n사")) +
				row(4, text("B4", "imp_1"), text("C4", "KG이니시스")),
			want: []string{"4 imp_1 html5_inicis"},
		},
		{
			name: "without references", rows: `<row><c t="str"><v>pg</v></c><c t="str"><v>imp_uid</v></c></row>` +
				`<row><c/><c t="str"><v>imp_1</v></c></row>`,
			want: []string{"2 imp_1"},
		},
		{
			name: "bare imp_uids", rows: row(1, text("A1", "imp_1")) + row(2, text("A2", "imp_2")),
			opts: list.Options{PG: tasks.KCP}, want: []string{"1 imp_1 kcp", "2 imp_2 kcp"},
		},
		{
			name: "a number of the receipt that is stored as a number",
			rows: row(1, text("A1", "imp_uid"), text("B1", "apply_num")) + row(2, text("A2", "imp_1"), `<c r="B2"><v>123456789</v></c>`),
			want: []string{"2 imp_1 123456789"},
		},
		{
			name: "a row longer than 64 KiB", rows: row(1, text("A1", "imp_uid"), text("C1", "pg")) +
				row(2, text("A2", "imp_1"), text("B2", strings.Repeat("가&quot;", 32_767/2)), text("C2", "kcp")) + row(3, text("A3", "imp_2")),
			want: []string{"2 imp_1 kcp", "3 imp_2"},
		},
		{
			name: "a row that is too long", rows: row(1, text("A1", "imp_uid"), text("B1", "x")) +
				row(2, text("A2", "imp_1"), text("B2", strings.Repeat("가&quot;", 300_000))) + row(3, text("A3", "imp_2")),
			want: []string{"line 2 is longer than 1 MiB", "3 imp_2"},
		},
		{
			name: "a row of millions of bytes in one cell", rows: row(1, text("A1", "imp_uid")) +
				row(2, text("A2", strings.Repeat("0123456789", 560_000))) + row(3, text("A3", "imp_2")),
			want: []string{"line 2 is longer than 1 MiB", "3 imp_2"},
		},
		{
			name: "a row of a long text in many cells", rows: row(1, text("A1", "imp_uid")) +
				row(2, strings.Repeat(`<c t="str"><v>`+strings.Repeat("x", 1000)+`</v></c>`, 1100)) + row(3, text("A3", "imp_2")),
			want: []string{"line 2 is longer than 1 MiB", "3 imp_2"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			made := workbook(t, test.rows)
			readers := []io.Reader{bytes.NewBuffer(made), bytes.NewReader(made)} // the former cannot be sought in
			if len(test.rows) > 1<<20 {
				readers = readers[:1] // one takes long enough
			}
			for _, in := range readers {
				if diff := cmp.Diff(test.want, read(t, in, test.opts)); diff != "" {
					t.Errorf("read from a %T (-want +got):\n%s", in, diff)
				}
			}
		})
	}
}

func TestSheetIsChosen(t *testing.T) {
	t.Parallel()
	column := func(impUID string) string { return row(1, text("A1", impUID)) }
	made := book{sheets: []madeSheet{
		{name: "설정", state: "hidden", rows: column("imp_1")},
		{name: "환불 &amp; 취소", rows: column("imp_2")},
		{name: norm.NFD.String("지난달"), state: "veryHidden", rows: column("imp_3")},
	}}
	for _, test := range []struct{ name, want, sheet string }{
		{"", "1 imp_2", "환불 & 취소"}, {" 지난달 ", "1 imp_3", norm.NFD.String("지난달")}, {"설정", "1 imp_1", "설정"},
	} {
		t.Run("named "+test.name, func(t *testing.T) {
			t.Parallel()
			reader, got := columnsOf(t, bytes.NewReader(made.bytes(t)), list.Options{Sheet: test.name})
			if diff := cmp.Diff([]string{test.want}, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			layout := reader.Layout()
			want := list.Layout{Format: list.XLSX, Encoding: "UTF-8", Sheet: test.sheet, Sheets: 3}
			if diff := cmp.Diff(want, layout); diff != "" {
				t.Errorf("Layout (-want +got):\n%s", diff)
			}
		})
	}
	_, err := list.NewReader(bytes.NewReader(made.bytes(t)), list.Options{Sheet: "환불"})
	want := `no sheet is named "환불", the sheets are "설정", "환불 & 취소", "` + norm.NFD.String("지난달") + `": choose one with --sheet NAME`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// What is cut short or damaged is never taken for the end of a list.
func TestDamagedWorkbook(t *testing.T) {
	t.Parallel()
	header := row(1, text("A1", "imp_uid")) + row(2, text("A2", "imp_1"))
	whole := workbook(t, header)
	open := book{sheets: []madeSheet{{name: "S", rows: header}}}.parts()
	open["xl/worksheets/s0.xml"], _, _ = strings.Cut(open["xl/worksheets/s0.xml"], "</sheetData>")
	tests := []struct {
		name, want string
		file       []byte
	}{
		{"cut short", "is cut short or damaged", whole[:len(whole)/2]},
		{"without its sheet", "it has no part xl/worksheets/s0.xml", archive(t, map[string]string{
			"xl/workbook.xml": `<workbook ` + relationships + `><sheets><sheet name="S" r:id="r"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r" Type="` + relationType +
				`worksheet" Target="worksheets/s0.xml"/></Relationships>`,
		})},
		{"without any sheet", "it has no sheet with cells", book{}.bytes(t)},
		{"rows in no order", `after row 2: a row "1" follows`, workbook(t, header+row(1))},
		{"a row too many", `a row "1048577" follows`, workbook(t, header+row(1<<20+1))},
		{"no number of a row", `a row "x" follows`, workbook(t, header+`<row r="x"/>`)},
		{"cells in no order", `a cell "A3" follows column 2`, workbook(t, header+row(3, text("B3", "x"), text("A3", "x")))},
		{"a cell too many", `a cell "XFE3" follows column 0`, workbook(t, header+row(3, text("XFE3", "x")))},
		{"XML that ends within its rows", "it is cut short", archive(t, open)},
		{"XML that ends within a comment", "unexpected EOF", workbook(t, header+`</sheetData></worksheet><!--`)},
		{"no XML", "XML syntax error", workbook(t, header+"<row r='3'><c r=A3>")},
		{"a comment without end", "longer than 6 MiB", workbook(t, header+"<!-- "+strings.Repeat("<<<<<<<<<<", 640_000))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(bytes.NewReader(test.file), list.Options{})
			for err == nil {
				_, err = reader.Read()
			}
			if err == io.EOF || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestDamagedBytesOfASheetAreFound(t *testing.T) {
	t.Parallel()
	var rows strings.Builder
	for i := range 5_000 {
		rows.WriteString(row(i+1, text(fmt.Sprintf("A%d", i+1), fmt.Sprintf("imp_%d", i*7919%10_007))))
	}
	whole := workbook(t, rows.String())
	damaged := bytes.Clone(whole)
	damaged[len(damaged)/2] ^= 0xFF // the sheet is by far the largest part
	reader, err := list.NewReader(bytes.NewReader(damaged), list.Options{})
	for err == nil {
		_, err = reader.Read()
	}
	if err == io.EOF {
		t.Error("the list was read to its end, want an error")
	}
}

func TestListWithoutSheetsIsRefusedWithOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"imp_uid\nimp_1\n":        "the list is written as CSV, which has no sheets: leave out --sheet",
		"{\"imp_uid\":\"imp_1\"}": "the list is written as NDJSON, which has no sheets: leave out --sheet",
	} {
		if _, err := list.NewReader(strings.NewReader(text), list.Options{Sheet: "환불"}); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
