package list_test

import (
	"bytes"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

// The number of a receipt has nine digits. Excel shows the zeros before it where the format says so, and keeps
// the number without them.
func TestNumbersHaveTheZerosOfTheirFormat(t *testing.T) {
	t.Parallel()
	const styles = `<numFmts><numFmt numFmtId="164" formatCode="000000000"/><numFmt numFmtId="165" formatCode="0000;-0000;@"/>` +
		`<numFmt numFmtId="166" formatCode="00.00"/></numFmts><cellStyleXfs><xf numFmtId="164"/></cellStyleXfs>` +
		`<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="1"/></cellXfs>`
	for name, test := range map[string]struct{ cell, want string }{
		"nine":               {`s="1"><v>3456789</v>`, "003456789"},
		"full":               {`s="1"><v>123456789</v>`, "123456789"},
		"longer":             {`s="1"><v>1234567890</v>`, "1234567890"},
		"with an exponent":   {`s="1" t="n"><v>3.456789E6</v>`, "003456789"},
		"several sections":   {`s="2"><v>7</v>`, "0007"},
		"negative":           {`s="1"><v>-7</v>`, "-7"},
		"a fraction":         {`s="1"><v>7.5</v>`, "7.5"},
		"another format":     {`s="3"><v>7</v>`, "7"},
		"a built-in format":  {`s="4"><v>7</v>`, "7"},
		"no style":           {`><v>3456789</v>`, "3456789"},
		"an unknown style":   {`s="99"><v>3456789</v>`, "3456789"},
		"text":               {`s="1" t="str"><v>3456789</v>`, "3456789"},
		"inline text in a v": {`t="inlineStr"><v>00345_x0036_</v>`, "003456"},
		"inline text":        {`t="inlineStr"><is><t>0034</t></is>`, "0034"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := row(1, text("A1", "imp_uid"), text("B1", "apply_num")) + row(2, text("A2", "imp_1"), `<c r="B2" `+test.cell+`</c>`)
			made := book{sheets: []madeSheet{{name: "S", rows: rows}}, styles: styles}.bytes(t)
			_, got := columnsOf(t, bytes.NewReader(made), list.Options{})
			if diff := cmp.Diff("2 imp_1|"+test.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTextThatIsMissingCostsItsLine(t *testing.T) {
	t.Parallel()
	rows := row(1, text("A1", "imp_uid"), text("B1", "pg"), text("C1", "memo")) + row(2, `<c r="A2" t="s"><v>5</v></c>`) +
		row(3, text("A3", "imp_2"), text("B3", "kcp"), `<c r="C3" t="s"><v>x</v></c>`)
	want := []string{
		`line 2: imp_uid "#text 5 is missing" contains '#', only A-Z a-z 0-9 _ and - are allowed`, "3 imp_2 kcp",
	}
	if diff := cmp.Diff(want, read(t, bytes.NewReader(workbook(t, rows)), list.Options{})); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func TestStylesThatCannotBeReadAreAnError(t *testing.T) {
	t.Parallel()
	made := book{sheets: []madeSheet{{name: "S", rows: row(1, text("A1", "imp_uid"))}}, styles: "<a <"}.bytes(t)
	_, err := list.NewReader(bytes.NewReader(made), list.Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "the workbook cannot be read: xl/styles.xml: ") {
		t.Errorf("NewReader: %v, want that the styles cannot be read", err)
	}
}

// Excel hides by zeroHeight the rows that are not written in the sheet.
func TestRowsOfASheetThatHidesEmptyOnesAreShown(t *testing.T) {
	t.Parallel()
	rows := row(1, text("A1", "imp_uid")) + row(2, text("A2", "imp_1")) + `<row r="3" hidden="1">` + text("A3", "imp_2") + `</row>`
	made := book{sheets: []madeSheet{{name: "S", rows: rows, before: `<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>`}}}.bytes(t)
	reader, err := list.NewReader(bytes.NewReader(made), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rest(t, reader)
	if got := reader.Suspects(); got.Hidden != 1 || got.FirstHidden != 3 {
		t.Errorf("%d rows are hidden, the first is %d; want row 3 alone", got.Hidden, got.FirstHidden)
	}
}
