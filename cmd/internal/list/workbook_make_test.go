package list_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"testing"
)

const (
	spreadsheet   = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	relationships = `xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	relationType  = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

// book is a workbook as Excel writes it. The zero value of a field leaves it out.
type book struct {
	sheets  []madeSheet
	strings string // the si elements of the shared strings
	styles  string // the elements of the styles
	main    string // default xl/workbook.xml
}

// madeSheet is a sheet with the rows between its sheetData tags, and what stands before these.
type madeSheet struct{ name, state, rows, before string }

// workbook returns a workbook whose first sheet has the rows.
func workbook(t testing.TB, rows string) []byte {
	return book{sheets: []madeSheet{{name: "Sheet1", rows: rows}}}.bytes(t)
}

func (b book) bytes(t testing.TB) []byte { return archive(t, b.parts()) }

func (b book) parts() map[string]string {
	parts := map[string]string{}
	var sheets, relations strings.Builder
	for i, s := range b.sheets {
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" state="%s" r:id="r%d"/>`, s.name, i+1, or(s.state, "visible"), i)
		fmt.Fprintf(&relations, `<Relationship Id="r%d" Type="%sworksheet" Target="worksheets/s%d.xml"/>`, i, relationType, i)
		parts[fmt.Sprintf("xl/worksheets/s%d.xml", i)] = `<worksheet ` + spreadsheet +
			`>` + s.before + `<cols><col min="1"/></cols><sheetData>` + s.rows + `</sheetData><pageMargins left="1"/></worksheet>`
	}
	if b.strings != "" {
		parts["xl/sharedStrings.xml"] = `<sst ` + spreadsheet + `>` + b.strings + `</sst>`
		fmt.Fprintf(&relations, `<Relationship Id="s" Type="%ssharedStrings" Target="/xl/sharedStrings.xml"/>`, relationType)
	}
	if b.styles != "" {
		parts["xl/styles.xml"] = `<styleSheet ` + spreadsheet + `>` + b.styles + `</styleSheet>`
		fmt.Fprintf(&relations, `<Relationship Id="f" Type="%sstyles" Target="styles.xml"/>`, relationType)
	}
	main := or(b.main, "xl/workbook.xml")
	parts[main] = `<workbook ` + spreadsheet + ` ` + relationships + `><sheets>` + sheets.String() + `</sheets></workbook>`
	parts["xl/_rels/workbook.xml.rels"] = `<Relationships>` + relations.String() + `</Relationships>`
	parts["_rels/.rels"] = `<Relationships><Relationship Id="m" Type="` + relationType + `officeDocument" Target="` + main +
		`"/></Relationships>`
	return parts
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// archive returns a ZIP archive of the parts.
func archive(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range parts {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// writeLarge writes a workbook of n payments, with the texts in the cells, or shared
// and all different, as Excel writes them.
func writeLarge(out io.Writer, n int, shared bool) error {
	z := zip.NewWriter(out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	part := func(name, begin, end string, body func(w *bufio.Writer)) {
		entry, _ := z.Create(name) // a failure stays, and is met by Close
		w := bufio.NewWriter(entry)
		_, _ = w.WriteString(begin)
		body(w)
		_, _ = w.WriteString(end)
		_ = w.Flush()
	}
	part("xl/workbook.xml", `<workbook `+spreadsheet+` `+relationships+`><sheets>`, `</sheets></workbook>`,
		func(w *bufio.Writer) { _, _ = w.WriteString(`<sheet name="S" sheetId="1" r:id="r0"/>`) })
	part("xl/_rels/workbook.xml.rels", `<Relationships>`, `</Relationships>`, func(w *bufio.Writer) {
		fmt.Fprintf(w, `<Relationship Id="r0" Type="%sworksheet" Target="worksheets/s0.xml"/>`, relationType)
		fmt.Fprintf(w, `<Relationship Id="s" Type="%ssharedStrings" Target="sharedStrings.xml"/>`, relationType)
	})
	cell := func(w *bufio.Writer, column string, row, text int, value string) {
		if shared {
			fmt.Fprintf(w, `<c r="%s%d" t="s"><v>%d</v></c>`, column, row, text)
			return
		}
		fmt.Fprintf(w, `<c r="%s%d" t="inlineStr"><is><t>%s</t></is></c>`, column, row, value)
	}
	part("xl/worksheets/s0.xml", `<worksheet `+spreadsheet+`><sheetData>`, `</sheetData></worksheet>`, func(w *bufio.Writer) {
		fmt.Fprint(w, `<row r="1"><c r="A1" t="inlineStr"><is><t>imp_uid</t></is></c>`+
			`<c r="B1" t="inlineStr"><is><t>pg</t></is></c></row>`)
		for i := range n {
			row := i + 2
			fmt.Fprintf(w, `<row r="%d" spans="1:5">`, row)
			cell(w, "A", row, 2+2*i, fmt.Sprintf("imp_%012d", i))
			cell(w, "B", row, 0, "kcp")
			fmt.Fprintf(w, `<c r="C%d"><v>%d</v></c><c r="D%d" s="1"><v>46215.5</v></c>`, row, i*10, row)
			cell(w, "E", row, 3+2*i, fmt.Sprintf("order 20261126-%07d", i))
			_, _ = w.WriteString(`</row>`)
		}
	})
	part("xl/sharedStrings.xml", `<sst `+spreadsheet+`>`, `</sst>`, func(w *bufio.Writer) {
		_, _ = w.WriteString(`<si><t>kcp</t></si><si><t>unused</t></si>`)
		for i := 0; shared && i < n; i++ {
			fmt.Fprintf(w, `<si><t>imp_%012d</t></si><si><t xml:space="preserve">order 20261126-%07d</t></si>`, i, i)
		}
	})
	return z.Close()
}
