package list_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
)

func TestHiddenRowsAreCounted(t *testing.T) {
	t.Parallel()
	header := row(1, text("A1", "imp_uid"), text("B1", "메모"))
	payment := func(n int, attributes string) string {
		return fmt.Sprintf(`<row r="%d" %s>%s</row>`, n, attributes, text(fmt.Sprint("A", n), fmt.Sprint("imp_", n)))
	}
	var long strings.Builder
	for n := 2; n < 6_000; n++ {
		long.WriteString(payment(n, map[bool]string{true: `hidden="1"`}[n%2 == 1]))
	}
	for name, test := range map[string]struct {
		rows          string
		hidden, first int
	}{
		"none":                       {header + payment(2, "") + payment(3, `hidden="0" ht="15"`), 0, 0},
		"by a filter":                {header + payment(2, "") + payment(3, `hidden="1"`) + payment(4, `hidden="true"`), 2, 3},
		"by their height":            {header + payment(2, "") + payment(5, `ht="0" customHeight="1"`), 1, 5},
		"by a height with decimals":  {header + payment(2, "") + payment(5, `ht="0.0" customHeight="1"`), 1, 5},
		"the header":                 {`<row r="1" hidden="1">` + text("A1", "imp_uid") + `</row>` + payment(2, ""), 0, 0},
		"without an imp_uid":         {header + `<row r="2" hidden="1">` + text("B2", "x") + `</row>` + payment(3, ""), 0, 0},
		"empty":                      {header + `<row r="2" hidden="1"/>` + payment(3, ""), 0, 0},
		"more than are read at once": {header + long.String(), 2_999, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(bytes.NewReader(workbook(t, test.rows)), list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			for range 6_000 {
				_, _ = reader.Read()
			}
			got := reader.Suspects()
			if got.Hidden != test.hidden || got.FirstHidden != test.first || got.Doubtful() != (test.hidden > 0) {
				t.Errorf("got %d, the first in row %d, doubtful %t; want %d, %d", got.Hidden, got.FirstHidden, got.Doubtful(), test.hidden, test.first)
			}
		})
	}
}
