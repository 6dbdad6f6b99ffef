package list_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
)

// Of merged cells the first alone has the value that Excel shows beside all their rows.
func TestRowsBelowTheFirstOfMergedCellsAreInvalid(t *testing.T) {
	t.Parallel()
	rows := row(1, text("A1", "imp_uid"), text("B1", "메모"), text("C1", "tier"), text("D1", "pg"), text("E1", "apply_num")) +
		row(2, text("A2", "imp_1"), text("C2", "ABC"), text("D2", "kcp"), text("E2", "3001")) +
		row(3, text("A3", "imp_2")) + row(4, text("A4", "imp_3")) + row(5, text("A5", "imp_4"), text("C5", "DEF"))
	first, second, third, fourth := "2 imp_1 kcp 3001 ABC", "3 imp_2", "4 imp_3", "5 imp_4 DEF"
	over := func(line int, column, rows string) string {
		return "line " + string(rune('0'+line)) + ": column " + column + " is merged over rows " + rows + ", and row " + rows[:1] +
			" alone has the value: unmerge the cells and fill each"
	}
	for name, test := range map[string]struct {
		ranges string // behind the rows
		want   []string
	}{
		"none":                      {`<mergeCells count="0"/>`, []string{first, second, third, fourth}},
		"the sub-merchant":          {merges("C2:C4"), []string{first, over(3, "3", "2 to 4"), over(4, "3", "2 to 4"), fourth}},
		"the gateway":               {merges("D2:D3"), []string{first, over(3, "4", "2 to 3"), third, fourth}},
		"the receipt's number":      {merges("E3:E4", "E5:E9"), []string{first, second, over(4, "5", "3 to 4"), fourth}},
		"the imp_uid":               {merges("$A$4:$A$5"), []string{first, second, third, over(5, "1", "4 to 5")}},
		"several columns":           {merges("B2:C3"), []string{first, over(3, "3", "2 to 3"), third, fourth}},
		"in any order":              {merges("D4:D5", "C2:C3"), []string{first, over(3, "3", "2 to 3"), third, over(5, "4", "4 to 5")}},
		"with a prefix":             {strings.ReplaceAll(merges("C2:C3"), "mergeCell", "x:mergeCell"), []string{first, over(3, "3", "2 to 3"), third, fourth}},
		"a column that is not read": {merges("B2:B4"), []string{first, second, third, fourth}},
		"a line break in the tag":   {strings.ReplaceAll(merges("C2:C3"), " ref", "\n ref"), []string{first, over(3, "3", "2 to 3"), third, fourth}},
		"one row":                   {merges("B3:E3"), []string{first, second, third, fourth}},
		"the header":                {merges("A1:A1", "C1:D1"), []string{first, second, third, fourth}},
		"no range":                  {merges("C", "", ":", "C2", "99999999999999", "4:2"), []string{first, second, third, fourth}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts := book{sheets: []madeSheet{{name: "S", rows: rows}}}.parts()
			const sheet = "xl/worksheets/s0.xml"
			parts[sheet] = strings.Replace(parts[sheet], "</sheetData>", "</sheetData>"+test.ranges, 1)
			if diff := cmp.Diff(test.want, read(t, bytes.NewReader(archive(t, parts)), list.Options{})); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
		})
	}
}

// merges returns the element that names merged ranges.
func merges(ranges ...string) string {
	text := `<mergeCells>`
	for _, r := range ranges {
		text += `<mergeCell ref="` + r + `"/>`
	}
	return text + `</mergeCells>`
}
