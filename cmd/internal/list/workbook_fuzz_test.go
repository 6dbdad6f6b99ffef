package list_test

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

// FuzzWorkbook holds that any rows of a sheet are read to an end or an error.
func FuzzWorkbook(f *testing.F) {
	for _, rows := range []string{
		row(1, text("A1", "imp_uid")) + row(2, text("A2", "imp_1")), `<row r="7"><c t="s"><v>0</v></c><c r="ZZ7" t="b"><v>1</v></c></row>`,
		`<row><c><is><t>x</t></is></c></row>`, `<row r="9999999"/>`, `<c r="A1"><v>1</v></c><row><row></row></row>`, `<!-- <row> -->`, `<row r="1"`, `<v>)1</c>X`,
	} {
		f.Add(rows, []byte(nil))
	}
	f.Fuzz(func(t *testing.T, rows string, damage []byte) {
		made := book{sheets: []madeSheet{{name: "S", rows: rows}}, strings: "<si><t>imp_1</t></si>"}.bytes(t)
		if len(damage) > 0 {
			copy(made[int(damage[0])*len(made)/256:], damage[1:])
		}
		reader, err := list.NewReader(bytes.NewReader(made), list.Options{})
		if err != nil {
			return
		}
		defer reader.Close()
		last := 0
		for {
			row, err := reader.Read()
			if err == nil && row.Line <= last {
				t.Fatalf("row %d after row %d", row.Line, last)
			}
			if last = row.Line; err != nil {
				return
			}
		}
	})
}

// FuzzCells holds that cells are read exactly, whatever text is in them.
func FuzzCells(f *testing.F) {
	f.Add("a,b", "\"x\"\n;", " 1\r\n2\t")
	f.Add("", "sep=;", "'=\"x\"")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		want := []string{"imp_1", "x" + a, b, "_" + c, "end"}
		rows := row(1, text("A1", "imp_uid"), text("E1", "memo")) + `<row r="2">`
		for i, cell := range want {
			var escaped bytes.Buffer
			if err := xml.EscapeText(&escaped, []byte(cell)); err != nil {
				t.Fatal(err)
			}
			if strings.ContainsRune(escaped.String(), '\uFFFD') || strings.Contains(cell, "_x") || escaped.Len() > 10_000 {
				return // no XML can hold it, or it is an escape
			}
			rows += text(string(rune('A'+i))+"2", escaped.String())
		}
		reader, err := list.NewReader(bytes.NewReader(workbook(t, rows+`</row>`)), list.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		got, err := reader.Read()
		if diff := cmp.Diff(want, slices.Clone(got.Columns)); diff != "" || err != nil {
			t.Errorf("row with error %v (-want +got):\n%s", err, diff)
		}
	})
}
