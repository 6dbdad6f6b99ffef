package list_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
)

// An amount without quotes moves the gateway to the right, where it would be lost without a word.
func TestLinesWhoseGatewayMovedAreInvalid(t *testing.T) {
	t.Parallel()
	const amount = " stands in the gateway's column, and is an amount or a number: a value to the left of it may have a comma and no quotes"
	const elsewhere = `: a value to the left of it may have a comma and no quotes`
	for name, test := range map[string]struct {
		list string
		want []string
	}{
		"into a column with a name":                 {"imp_uid,금액,PG사,비고\nimp_0,11,000,NHN KCP\n", []string{`line 2: "000"` + amount}},
		"an empty column at the end":                {"imp_uid,금액,PG사,비고\nimp_0,11,000,NHN KCP,\n", []string{`line 2: "000"` + amount}},
		"below a header with a comma":               {"imp_uid,금액,PG사,\nimp_0,11,000,NHN KCP\n", []string{`line 2: "000"` + amount}},
		"beyond the header":                         {"imp_uid,금액,PG사\nimp_0,1,210,000,NHN KCP\n", []string{`line 2: "210"` + amount}},
		"a currency":                                {"imp_uid,금액,PG사,비고\nimp_0,11,000원,NHN KCP\n", []string{`line 2: "000원"` + amount}},
		"a date":                                    {"imp_uid,날짜,pg\nimp_0,\"Nov 1\",kcp\nimp_1,Nov 2, 2026,kcp\nimp_2,x,kcp\nimp_3,x,kcp\n", []string{"2 imp_0 kcp", `line 3: the line has 4 columns, not 3: a value that contains a comma must be in quotes`, "4 imp_2 kcp", "5 imp_3 kcp"}},
		"a dash, and a gateway beyond":              {"imp_uid,상품,pg\nimp_0,신발, -,kcp\n", []string{`line 2: "-" stands in the gateway's column, and "kcp" in column 4, which has no name` + elsewhere}},
		"a word, and a gateway beyond":              {"imp_uid,상품,pg\nimp_0,신발,끈,kcp\n", []string{`line 2: "끈" stands in the gateway's column, and "kcp" in column 4, which has no name` + elsewhere}},
		"in its place":                              {"imp_uid,금액,PG사,비고\nimp_0,\"11,000\",NHN KCP,toss\nimp_1,0,-,kcp\nimp_2,0,,kcp\n", []string{"2 imp_0 kcp", "3 imp_1", "4 imp_2"}},
		"in its place, and a payment method beyond": {"imp_uid,pg\nimp_0,kcp,kakaopay\nimp_1,nice,naverpay\n", []string{"2 imp_0 kcp", "3 imp_1 nice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, read(t, strings.NewReader(test.list), list.Options{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
