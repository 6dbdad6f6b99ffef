package list_test

import (
	"bytes"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
)

// ECMA-376 allows the parts of a workbook to be in UTF-16.
func TestWorkbookInUTF16(t *testing.T) {
	t.Parallel()
	made := book{
		sheets:  []madeSheet{{name: "환불", rows: row(1, text("A1", "거래고유번호"), text("B1", "PG사")) + row(2, text("A2", "imp_1"), `<c r="B2" t="s"><v>0</v></c>`)}},
		strings: "<si><t>나이스페이먼츠</t></si>",
	}
	for _, order := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		for _, mark := range []int{0, 2} {
			parts := made.parts()
			for name, part := range parts {
				parts[name] = utf16(`<?xml version="1.0" encoding="UTF-16" standalone="yes"?>`+part, order)[mark:]
			}
			got := read(t, bytes.NewReader(archive(t, parts)), list.Options{Sheet: "환불"})
			if diff := cmp.Diff([]string{"2 imp_1 nice"}, got); diff != "" {
				t.Errorf("%v, %d bytes left out (-want +got):\n%s", order, mark, diff)
			}
		}
	}
}
