package list_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
)

// A workbook that was never opened in Excel has formulas without values. Read as empty, a number that says which
// receipt is meant would be lost.
func TestFormulasWithoutAValueAreInvalid(t *testing.T) {
	t.Parallel()
	header := row(1, text("A1", "imp_uid"), text("B1", "pg"), text("C1", "apply_num"), text("D1", "메모"))
	const wrong = "has a formula without a value: open the file in Excel and save it"
	payment := func(cells ...string) string { return row(2, append([]string{text("A2", "imp_1")}, cells...)...) }
	for name, test := range map[string]struct {
		rows string
		want []string
	}{
		"none":                           {payment(text("C2", "7")), []string{"2 imp_1 7"}},
		"the receipt's number":           {payment(`<c r="C2"><f>TEXT(D2,"0")</f><v></v></c>`), []string{"line 2: column 3 " + wrong}},
		"without v":                      {payment(`<c r="C2"><f>TEXT(D2,"0")</f></c>`), []string{"line 2: column 3 " + wrong}},
		"the gateway":                    {payment(`<c r="B2"><f t="shared" si="0"/><v/></c>`), []string{"line 2: column 2 " + wrong}},
		"the imp_uid, and no other cell": {row(2, `<c r="A2"><f>X1</f></c>`), []string{"line 2: column 1 " + wrong}},
		"in a column that is not read":   {payment(`<c r="D2"><f>X1</f></c>`), []string{"2 imp_1"}},
		"with a value":                   {payment(`<c r="C2"><f>X1</f><v>7</v></c>`), []string{"2 imp_1 7"}},
		"with an empty text":             {payment(`<c r="C2" t="str"><f>X1</f><v></v></c>`), []string{"2 imp_1"}},
		"in rows before": {
			row(2, `<c r="D2"><f>X1</f></c>`) + row(4, text("A4", "imp_4"), `<c r="C4"><f>X1</f></c>`) + row(5, text("A5", "imp_5")),
			[]string{"line 4: column 3 " + wrong, "5 imp_5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(bytes.NewReader(workbook(t, header+test.rows)), list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			if diff := cmp.Diff(test.want, rest(t, reader)); diff != "" {
				t.Error(fmt.Sprint("(-want +got):\n", diff))
			}
		})
	}
}
