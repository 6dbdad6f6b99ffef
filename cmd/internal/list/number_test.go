package list_test

import (
	"strings"
	"testing"
)

// Where numbers of receipts have nine digits, another value in their place has moved there.
func TestNumbersUnlikeMostAreInvalid(t *testing.T) {
	t.Parallel()
	wrong := func(value string) string {
		return `line 3: "` + value + `" stands in apply_num's column, where others have nine digits`
	}
	const good = "imp_100000000001,x,242524331\n"
	for _, value := range []string{"Ltd", "2026", "302", "1", "010-1234-5678", "01012345678"} {
		golden{
			name: value, list: "imp_uid,buyer,apply_num\n" + good + "imp_100000000002,x," + value + "\n",
			want: []string{"2 imp_100000000001 242524331", wrong(value)},
		}.run(t)
	}
	for _, value := range []string{"3456789", "242524332.0", ""} {
		golden{
			name: "as it is " + value, list: "imp_uid,buyer,apply_num\n" + good + "imp_100000000002,x," + value + "\n",
			want: []string{"2 imp_100000000001 242524331", strings.TrimSuffix(strings.TrimSpace("3 imp_100000000002 "+value), ".0")},
		}.run(t)
	}
	golden{
		name: "values that were left out", list: "imp_uid,coupon,apply_num,amount\nimp_100000000001,242524331,1000\n" +
			"imp_100000000002,242524332,2000\nimp_100000000003,CP1,242524333,3000\n",
		want: []string{
			`line 2: "1000" stands in apply_num's column, and the line has 3 columns, not 4: a value may be missing to the left of it`,
			`line 3: "2000" stands in apply_num's column, and the line has 3 columns, not 4: a value may be missing to the left of it`,
			"4 imp_100000000003 242524333",
		},
	}.run(t)
	golden{
		name: "a comma without quotes", list: "imp_uid,buyer,apply_num,memo\nimp_100000000003,Kim Co.,Ltd,242524331\nimp_100000000002,Lee,242524332,x\n",
		want: []string{`line 2: "Ltd" stands in apply_num's column, where others have nine digits`, "3 imp_100000000002 242524332"},
	}.run(t)
}
