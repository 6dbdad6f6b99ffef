package list_test

import (
	"testing"
)

// Exports of order systems have titles of groups above the names, or units and English names beside them.
func TestHeaderOfSeveralRowsIsReadWhole(t *testing.T) {
	t.Parallel()
	const (
		together = "the header has several rows, lines 1 to 2: they are read together"
		one      = "\nimp_100000000001,kcp,300000001,5\n"
	)
	want, notes := []string{"3 imp_100000000001 kcp 300000001"}, []string{"1 " + together}
	for _, test := range []noted{
		{name: "groups above names", list: "결제정보,,현금영수증,\nimp_uid,PG사,승인번호,금액" + one, want: want, notes: notes},
		{name: "groups above names, other words", list: "주문,,현금영수증 정보,\n거래고유번호,결제대행사,번호,금액" + one, want: want, notes: notes},
		{name: "names above units", list: "imp_uid,PG사,현금영수증,금액\n(문자),,승인번호,(원)" + one, want: want, notes: notes},
		{name: "Korean names above English ones", list: "거래고유번호,결제사,승인번호,금액\nimp_uid,pg_provider,apply_num,amount" + one, want: want, notes: notes},
		{name: "names above the imp_uid's", list: "거래ID,PG사,현금영수증 승인번호,금액\nimp_uid,company,number,amount" + one, want: want, notes: notes},
		{name: "cells merged over both rows", list: "imp_uid,PG사,현금영수증,\n,,승인번호,금액" + one, want: want, notes: notes},
		{
			name: "again in the middle", list: "결제정보,,현금영수증,\nimp_uid,PG사,승인번호,금액" + one + "imp_uid,PG사,승인번호,금액" + one,
			want: []string{want[0], "line 4: the header stands here again", "5 imp_100000000001 kcp 300000001"}, notes: notes,
		},
		{
			name: "a title above", list: "환불 목록,,,\nimp_uid,pg,apply_num,금액" + one, want: want, notes: []string{`1 above the header, not read: "환불 목록,,,"`},
		},
		{
			name: "another list's header below", list: "imp_uid,pg\npg,no,imp_uid,apply_num\nkcp,1,imp_100000000001,300000001\n",
			want:  []string{"3 imp_100000000001 kcp 300000001"},
			notes: []string{`1 above the header, not read: "imp_uid,pg"`},
		},
		{
			name: "what was searched for, above", list: "현금영수증 승인번호,전체,,\n주문번호,imp_uid,PG사,금액\n2026-1,imp_100000000001,kcp,5\n",
			want: []string{"3 imp_100000000001 kcp"}, notes: []string{`1 above the header, not read: "현금영수증 승인번호,전체,,"`},
		},
		{
			name: "a condition without a value", list: "apply_num,,,\n주문번호,imp_uid,PG사,금액\n2026-1,imp_100000000001,kcp,5\n",
			want: []string{"3 imp_100000000001 kcp"}, notes: []string{`1 above the header, not read: "apply_num,,,"`},
		},
		{
			name: "a condition that is a number", list: "현금영수증 승인번호,300000001,,\n,imp_uid,PG사,금액\n2026-1,imp_100000000001,kcp,5\n",
			want: []string{"3 imp_100000000001 kcp"}, notes: []string{`1 above the header, not read: "현금영수증 승인번호,300000001,,"`},
		},
		{
			name: "a condition on the gateway", list: "PG사,NHN KCP,,\n주문번호,imp_uid,PG사,금액\n2026-1,imp_100000000001,kcp,5\n",
			want: []string{"3 imp_100000000001 kcp"}, notes: []string{`1 above the header, not read: "PG사,NHN KCP,,"`},
		},
		{
			name: "as many conditions as columns", list: "tier,전체,PG사,전체\n주문번호,imp_uid,가맹점,금액\n2026-1,imp_100000000001,서울,5\n",
			want: []string{"3 imp_100000000001"}, notes: []string{`1 above the header, not read: "tier,전체,PG사,전체"`},
		},
		{
			name: "of a group that was cancelled", list: "결제정보,취소 현금영수증\nimp_uid,승인번호\nimp_100000000001,1\n", want: []string{"3 imp_100000000001"},
			notes: []string{
				`1 above the header, not read: "결제정보,취소 현금영수증"`,
				`2 column 2, "승인번호", is not read: if it names the receipt that is meant, name it apply_num`,
			},
		},
	} {
		test.run(t)
	}
}
