package list_test

import "testing"

// Several columns or keys may name one field.
func TestFieldsThatAreNamedTwice(t *testing.T) {
	t.Parallel()
	two := func(field, one, other string) string {
		return ": two values are named for " + field + `, "` + one + `" and "` + other + `"`
	}
	for _, test := range []golden{
		{name: "imp_uids that differ", list: "imp_uid,포트원 거래고유번호\nimp_1,imp_2\nimp_3,imp_3\n", want: []string{"line 2" + two("imp_uid", "imp_1", "imp_2"), "3 imp_3"}},
		{name: "what is empty gives way", list: "imp_uid,포트원 거래고유번호\n,imp_2\nNULL,imp_3\nimp_4,\n", want: []string{"2 imp_2", "3 imp_3", "4 imp_4"}},
		{name: "another number gives way", list: "거래고유번호,아임포트 거래번호\n20261126KCP001,imp_1\nimp_2,20261126KCP002\n", want: []string{"2 imp_1", "3 imp_2"}},
		{name: "another payment's", list: "imp_uid,이전 imp_uid\nimp_1,imp_2\n", want: []string{"2 imp_1"}},
		{
			name: "gateways", list: "imp_uid,pg,PG사\nimp_1,kcp,나이스페이먼츠\nimp_2,kcp.T0000,NHN KCP\nimp_3,,nice\nimp_4,카드,kcp\nimp_5,NULL,new\n",
			want: []string{"line 2" + two("pg", "kcp", "nice"), "3 imp_2 kcp", "4 imp_3 nice", "5 imp_4 kcp", "6 imp_5 new"},
		},
		{
			name: "receipts and sub-merchants", list: "imp_uid,apply_num,현금영수증 승인번호,tier,tier_code\nimp_1,7,8,,\nimp_2,NULL,9,,ABC\nimp_3,,,ABC,XYZ\n",
			want: []string{"line 2" + two("apply_num", "7", "8"), "3 imp_2 9 ABC", "line 4" + two("tier", "ABC", "XYZ")},
		},
		{
			name: "below another header", list: "imp_uid\nimp_1\nimp_uid,거래고유번호\nimp_2,imp_3\nimp_uid\nimp_4\n", want: []string{
				"2 imp_1", "line 3: the header stands here again", "line 4" + two("imp_uid", "imp_2", "imp_3"),
				"line 5: the header stands here again", "6 imp_4",
			},
		},
		{
			name: "keys", list: `[{"imp_uid":"imp_1","impUid":"imp_2"},{"imp_uid":"imp_3","imp_uid":"imp_4"},{"imp_uid":"imp_5","거래고유번호":"imp_6"},` +
				`{"imp_uid":null,"impUid":"imp_7"},{"impUid":"imp_8","imp_uid":""},{"imp_uid":"imp_9","imp_uid":"imp_9","x":{"imp_uid":"imp_1"}},` +
				`{"거래고유번호":"T1","아임포트 거래번호":"imp_10"},{"imp_uid":"imp_11","pg":null,"pg_provider":"nice"},{"imp_uid":"imp_12","pg":"kcp","PG":"nice"}]`,
			want: []string{
				"line 1" + two("imp_uid", "imp_1", "imp_2"), "line 1" + two("imp_uid", "imp_3", "imp_4"), "line 1" + two("imp_uid", "imp_5", "imp_6"),
				"1 imp_7", "1 imp_8", "1 imp_9", "1 imp_10", "1 imp_11 nice", "line 1" + two("pg", "kcp", "nice"),
			},
		},
		{
			name: "gateways that are no text", list: `[{"imp_uid":"imp_1","pg":5},{"imp_uid":"imp_2","pg":["kcp"]},{"imp_uid":"imp_3","pg":null}]`,
			want: []string{"line 1: pg 5 is not a string", `line 1: pg ["kcp"] is not a string`, "1 imp_3"},
		},
	} {
		test.run(t)
	}
}
