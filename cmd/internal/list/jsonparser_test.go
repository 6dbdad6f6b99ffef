package list_test

import (
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"

	"github.com/google/go-cmp/cmp"
)

func TestNDJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []golden{
		{
			name: "keys of both spellings, others ignored",
			list: "{\"imp_uid\":\"imp_1\",\"pg\":\"KG이니시스\"}\r\n\n{\"impUid\":\" imp_2 \",\"pg_provider\":\"kcp\",\"x\":[{}]}",
			want: []string{"1 imp_1 html5_inicis", "3 imp_2 kcp"},
		},
		{
			name: "no gateway, or none that is text", opts: list.Options{PG: tasks.Nice},
			list: "{\"imp_uid\":\"imp_1\"}\n{\"imp_uid\":\"imp_2\",\"pg\":null}\n{\"imp_uid\":\"imp_3\",\"pg\":7}\n",
			want: []string{"1 imp_1 nice", "2 imp_2 nice", "line 3: pg 7 is not a string"},
		},
		{
			name: "key as told", opts: list.Options{Column: "payment"},
			list: "{\"payment\":\"imp_1\"}\n{\"imp_uid\":\"imp_2\"}\n",
			want: []string{"1 imp_1", "line 2: the object has no key payment"},
		},
		{
			name: "keys in any case, as they are written first",
			list: "{\"IMP_UID\":\"imp_1\",\"Pg\":\"kcp\",\"APPLY_NUM\":\"N1\"}\n" +
				"{\"IMPUID\":\"imp_2\",\"apply_num\":\"N2\",\"APPLY_NUM\":\"N3\"}\n{\"imp_uid\":\"imp_3\",\"APPLY_NUM\":7}\n",
			want: []string{"1 imp_1 kcp N1", `line 2: two values are named for apply_num, "N2" and "N3"`, "3 imp_3 7"},
		},
		{
			name: "sub-merchants", opts: list.Options{Tier: "ZZZ"},
			list: "{\"imp_uid\":\"imp_1\",\"tier\":\" A01 \"}\n{\"imp_uid\":\"imp_2\",\"Tier_Code\":\"A02\"}\n" +
				"{\"imp_uid\":\"imp_3\",\"tier\":null}\n{\"imp_uid\":\"imp_4\",\"tier\":4}\n\"imp_5\"\n",
			want: []string{"1 imp_1 A01", "2 imp_2 A02", "3 imp_3 ZZZ", "line 4: tier 4 is not a string", "5 imp_5 ZZZ"},
		},
		{
			name: "lines that cannot be used",
			list: "{\"imp_uid\":12345}\n{\"imp_uid\":null}\n{\"x\":1}\n[1]\nnull\n" +
				"{\"imp_uid\"\n{\"imp_uid\":\"imp_1\"} {}\n{\"imp_uid\":\"imp/2\"}\n{\"imp_uid\":\"imp_3\"}\n",
			want: []string{
				"line 1: imp_uid 12345 is not a string",
				"line 2: the imp_uid is empty",
				"line 3: the object has no key imp_uid or impUid",
				"line 4: the line is not a JSON object",
				"line 5: the object has no key imp_uid or impUid",
				"line 6: the line is not valid JSON: unexpected end of JSON input",
				"line 7: the line is not valid JSON: invalid character '{' after top-level value",
				`line 8: imp_uid "imp/2" contains '/', only A-Z a-z 0-9 _ and - are allowed`,
				"9 imp_3",
			},
		},
		{
			name: "quotes span no lines", list: "{\"imp_uid\":\"imp_1\n{\"imp_uid\":\"imp_2\"}\n",
			want: []string{`line 1: the line is not valid JSON: unexpected end of JSON input`, "2 imp_2"},
		},
		{
			name: "PortOne's record of a payment, whose apply_num is not the receipt's",
			list: "{\"imp_uid\":\"imp_1\",\"apply_num\":\"30001\",\"cash_receipt_issued\":true}\n", want: []string{"1 imp_1"},
		},
		{
			name: "CP949", list: cp949("{\"imp_uid\":\"imp_1\",\"pg\":\"토스페이먼츠\"}\n"),
			want: []string{"1 imp_1 tosspayments"},
		},
	} {
		test.run(t)
	}
}

func TestRawIsTheObjectAsItCame(t *testing.T) {
	t.Parallel()
	text := " {\"imp_uid\" : \"imp_1\",\"order\":1.50}\r\n{\"imp_uid\":\"imp_2\"}"
	reader, err := list.NewReader(strings.NewReader(text), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	row, err := reader.Read()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Read(); err != nil { // must not write over the row before
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"imp_uid" : "imp_1","order":1.50}`, string(row.Raw)); diff != "" {
		t.Errorf("Raw (-want +got):\n%s", diff)
	}
}
