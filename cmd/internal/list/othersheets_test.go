package list_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/cmd/internal/list/sheet"
)

// A list that is split over sheets would be asked for in part.
func TestOtherSheetsWithPaymentsAreDoubtful(t *testing.T) {
	t.Parallel()
	header, payment := row(1, text("A1", "imp_uid")), row(2, text("A2", "imp_100000000001"))
	read := madeSheet{name: "KCP", rows: header + payment}
	for name, test := range map[string]struct {
		sheets []madeSheet
		named  string
		want   []sheet.Left
	}{
		"another list":       {[]madeSheet{read, {name: "이니시스", rows: header + payment + row(4, text("C4", "imp_2"))}}, "", []sheet.Left{{Name: "이니시스", Rows: 2}}},
		"without a header":   {[]madeSheet{read, {name: "2", rows: row(1, text("A1", "imp_2"))}}, "", []sheet.Left{{Name: "2", Rows: 1}}},
		"numbers":            {[]madeSheet{read, {name: "2", rows: row(1, text("B1", "포트원 거래번호")) + row(2, text("B2", "123456789012"))}}, "", []sheet.Left{{Name: "2", Rows: 1}}},
		"a header alone":     {[]madeSheet{read, {name: "2", rows: header}}, "", nil},
		"no payments":        {[]madeSheet{read, {name: "2", rows: row(1, text("A1", "합계"))}}, "", nil},
		"one that is hidden": {[]madeSheet{read, {name: "2", state: "hidden", rows: header + payment}}, "", nil},
		"the sheet is named": {[]madeSheet{read, {name: "2", rows: header + payment}}, "KCP", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(bytes.NewReader(book{sheets: test.sheets}.bytes(t)), list.Options{Sheet: test.named})
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			if got := rest(t, reader); len(got) != 1 {
				t.Errorf("read %q", got)
			}
			suspects := reader.Suspects()
			if diff := cmp.Diff(test.want, suspects.OtherSheets); diff != "" || suspects.Doubtful() != (test.want != nil) {
				t.Errorf("doubtful: %t (-want +got):\n%s", suspects.Doubtful(), diff)
			}
		})
	}
}
