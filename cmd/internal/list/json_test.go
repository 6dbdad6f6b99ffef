package list_test

import (
	"errors"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"

	"golang.org/x/text/encoding/unicode"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	long := `{"imp_uid":"imp_9","x":"` + strings.Repeat("가", 1<<20) + `"}`
	for _, test := range []golden{
		{
			name: "array of objects on one line", opts: list.Options{PG: tasks.KCP},
			list: `[{"imp_uid":"imp_1"},{"impUid":"imp_2","pg":"nice"}]`, want: []string{"1 imp_1 kcp", "1 imp_2 nice"},
		},
		{
			name: "array over several lines",
			list: "\n[\n  {\n    \"imp_uid\": \"imp_1\",\n    \"x\": [\"]\", {\"}\": \"\\\"\"}]\n  },\r\n  {\n    \"imp_uid\": \"imp_2\"\n  }\n]\n",
			want: []string{"3 imp_1", "7 imp_2"},
		},
		{
			name: "array of strings", list: "[\"imp_1\",\n\"imps_2\", \"kcp\",\n \"imp 3\", \"imp_\\u0034\"]",
			want: []string{
				"1 imp_1", "2 imps_2", `line 2: "kcp" stands in the imp_uid's place, and is the name of a gateway`,
				`line 3: imp_uid "imp 3" contains ' ', only A-Z a-z 0-9 _ and - are allowed`, "3 imp_4",
			},
		},
		{name: "empty array", list: "[ ]"},
		{name: "arrays one after another", list: "[\"imp_1\"][]\n[\"imp_2\"]", want: []string{"1 imp_1", "2 imp_2"}},
		{
			name: "objects one after another, over several lines",
			list: "{\n\"imp_uid\": \"imp_1\"\n}\n{\n\"imp_uid\":\n\"imp_2\" ,\"pg\" : \"kcp\"}{\"imp_uid\":\"imp_3\"}\"imp_4\" {}",
			want: []string{"1 imp_1", "4 imp_2 kcp", "6 imp_3", "6 imp_4", "line 6: the object has no key imp_uid or impUid"},
		},
		{
			name: "elements that cannot be used",
			list: "[{}, 1, null,\n[\"imp_1\"],\n{\"imp_uid\":imp_2},\n{\"x\":1}, {\"imp_uid\":\"imp_3\" \"pg\":1}, {\"imp_uid\":7},\ntrue]",
			want: []string{
				"line 1: the object has no key imp_uid or impUid", "line 1: the element is not a JSON object",
				"line 1: the object has no key imp_uid or impUid", "line 2: the element is not a JSON object",
				"line 3: the element is not valid JSON: invalid character 'i' looking for beginning of value",
				"line 4: the object has no key imp_uid or impUid",
				"line 4: the element is not valid JSON: invalid character '\"' after object key:value pair", "line 4: imp_uid 7 is not a string",
				"line 5: the element is not a JSON object",
			},
		},
		{
			name: "an object that is no JSON, outside of an array", list: "{\n\"imp_uid\": imp_1\n}\n{\n\"imp_uid\" \"imp_2\"\n}\n{\n \"a\":1 2}\n{}",
			want: []string{
				"line 1: the element is not valid JSON: invalid character 'i' looking for beginning of value",
				"line 4: the element is not valid JSON: invalid character '\"' after object key",
				"line 7: the element is not valid JSON: invalid character '2' after object key:value pair", "line 9: the object has no key imp_uid or impUid",
			},
		},
		{
			name: "elements that are too long", list: "[\"imp_1\",\n" + long + ",\n{\"x\":[" + strings.Repeat("1,\n", 400_000) + "1]},\"imp_2\"]",
			want: []string{
				"1 imp_1", "line 2: the element that starts here is longer than 1 MiB", "line 3: the element that starts here is longer than 1 MiB",
				"400003 imp_2",
			},
		},
		{name: "UTF-16", list: utf16("[\n{\"imp_uid\":\"imp_1\",\"pg\":\"키움페이\"}]", unicode.LittleEndian), want: []string{"2 imp_1 daou"}},
		{name: "CP949", list: cp949("[\n{\"imp_uid\":\"imp_1\",\"pg\":\"키움페이\",\"비고\":\"똠\"}]"), want: []string{"2 imp_1 daou"}},
		{name: "byte-order mark", list: "\xEF\xBB\xBF[\"imp_1\"]", want: []string{"1 imp_1"}},
		{
			name: "null and numbers before what can be used", list: "[null,448280090638,\n{\"imp_uid\":\"imp_1\"},-1,true, \"imp_2\"]",
			want: []string{
				"line 1: the object has no key imp_uid or impUid", "line 1: the element is not a JSON object", "2 imp_1",
				"line 2: the element is not a JSON object", "line 2: the element is not a JSON object", "2 imp_2",
			},
		},
		{name: "numbers alone", list: "[1,\n2]\n", want: []string{"line 1: the element is not a JSON object", "line 2: the element is not a JSON object"}},
		{
			name: "keys by the names of columns", list: "[{\"IMP_UID\":\"imp_1\",\"PG사\":\"케이씨피\"},{\"포트원 거래고유번호\":\"imp_2\",\"결제대행사\":\"nice\"}," +
				"{\"Imp-UID\":\"imp_3\",\"현금영수증 승인번호\":\"7\"},{\"imp_uid\":\"imp_4\",\"거래고유번호\":\"imp_5\",\"pg_tid\":\"kcp\"}," +
				"{\"merchant_uid\":\"imp_6\"}]",
			want: []string{"1 imp_1 kcp", "1 imp_2 nice", "1 imp_3 7", `line 1: two values are named for imp_uid, "imp_4" and "imp_5"`, "line 1: the object has no key imp_uid or impUid"},
		},
		{name: "a Ctrl-Z at the end", list: "[\"imp_1\"]\r\n\x1A", want: []string{"1 imp_1"}},
		{
			name: "an element of more than 64 KiB", list: "[{\"imp_uid\":\"imp_1\",\"x\":\"" + strings.Repeat("x", 70_000) + "\"},\n\"imp_2\"]",
			want: []string{"1 imp_1", "2 imp_2"},
		},
		{
			name: "key as told", opts: list.Options{Column: "결제"}, list: `[{"결제":"imp_1"},{"imp_uid":"imp_2"}]`,
			want: []string{"1 imp_1", "line 1: the object has no key 결제"},
		},
		{name: "a title in brackets is no JSON", list: "imp_uid\n[\"x\"]\n", want: []string{"line 2: imp_uid \"[\\\"x\\\"]\" contains '[', only A-Z a-z 0-9 _ and - are allowed"}},
	} {
		test.run(t)
	}
}

// Where elements cannot be told apart any more, the reading ends with an error, and
// what was read before is not lost.
func TestBrokenJSONNamesItsLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, list, want string
		rows             int
	}{
		{"cut short in an array", "[\"imp_1\",\n\"imp_2\"", "line 2: the JSON is broken here: it is cut short: the '[' of line 1 is not closed", 2},
		{"cut short in an element", "[\"imp_1\",\n{\"x\":", "line 2: the JSON is broken here: it is cut short: the text ends in the middle of a value", 1},
		{"cut short in a string", "[\"imp_1\",\n\"imp", "line 2: the JSON is broken here: it is cut short: the text ends in the middle of a value", 1},
		{"cut short in an answer", "{\"code\":0,\"response\":[\"imp_1\"]\n", "line 2: the JSON is broken here: it is cut short: the '{' of line 1 is not closed", 1},
		{"cut short in a key", "{\n\"a\"", "line 2: the JSON is broken here: it is cut short: the text ends in the middle of a value", 0},
		{"string that is not closed", "[\"imp_1\",\n\"imp_2,\n\"imp_3\"]", "line 2: the JSON is broken here: a string is not closed", 1},
		{"bracket that is not closed", "[{\"imp_uid\":\"imp_1\"},\n{\"x\":1,\n{\"y\":2}]", "line 3: the JSON is broken here: ']' stands where '{' is to be closed", 1},
		{"no comma", "[\"imp_1\"\n\"imp_2\"]", "line 2: the JSON is broken here: '\"' stands where a comma or a value is expected", 1},
		{"two commas", "[\"imp_1\",,\"imp_2\"]", "line 1: the JSON is broken here: ',' stands where a comma or a value is expected", 1},
		{"comma at the end", "[\"imp_1\",]", "line 1: the JSON is broken here: ']' stands where a comma or a value is expected", 1},
		{"bracket too many", "[\"imp_1\"]]", "line 1: the JSON is broken here: ']' stands outside of any list", 1},
		{"an answer that is a payment too", "{\"code\":0,\n\"response\":[\"imp_1\"],\"imp_uid\":\"imp_2\"}", "line 2: the JSON is broken here: the object of line 1 holds a list, and a key imp_uid as well", 1},
		{"a key without a value", "[\"imp_0\"]\n{\"code\":0,\"response\":[\"imp_1\"],\"x\":}", "line 2: the JSON is broken here: the key \"x\" has no value", 2},
		{"no key", "[\"imp_0\"]\n{\"code\":0,\"response\":[\"imp_1\"],x:1}", "line 2: the JSON is broken here: a key is expected", 2},
		{"nested too deep", "[" + strings.Repeat("[", 20_000), "line 1: the JSON is broken here: it is nested too deep", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), list.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for range test.rows {
				if _, err := reader.Read(); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the error stays
				if _, err := reader.Read(); !errors.Is(err, list.ErrBroken) || err.Error() != test.want {
					t.Errorf("error %v, want %s that matches ErrBroken", err, test.want)
				}
			}
		})
	}
}

func TestNDJSONStaysNDJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, list string
		want       list.Format
	}{
		{"an object a line", "{\"imp_uid\":\"imp_1\"}\n{\"imp_uid\":\"imp_2\"}", list.NDJSON},
		{"first line broken", "{\"imp_uid\":\"imp_1\"\n{\"imp_uid\":\"imp_2\"}", list.NDJSON},
		{"first line cut in a string", "{\"imp_uid\":\"imp_1\n{\"imp_uid\":\"imp_2\"}", list.NDJSON},
		{"first line too long", "{\"x\":\"" + strings.Repeat("x", 64<<10) + "\"}\n{\"imp_uid\":\"imp_2\"}", list.NDJSON},
		{"one line, broken", "{\"imp_uid\":\"imp_1\"", list.NDJSON},
		{"object over two lines", "{\"imp_uid\":\n\"imp_1\"}", list.JSON},
		{"brace alone", "{\n", list.JSON},
		{"title in brackets", "[2026-11],\nimp_uid,x\n", list.CSV},
		{"a year in brackets", "[2026]\n[2026-11]\n", list.CSV},
		{"words in brackets", "[null 1],\n[2026-11]\n", list.CSV},
		{"null first", "[null,\n\"imp_1\"]", list.JSON},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), list.Options{Column: "[2026-11]"})
			if err != nil {
				t.Fatal(err)
			}
			if got := reader.Format(); got != test.want {
				t.Errorf("Format() = %s, want %s", got, test.want)
			}
		})
	}
}

func TestStringsInNDJSON(t *testing.T) {
	t.Parallel()
	golden{
		name: "beside objects", list: "{\"imp_uid\":\"imp_1\"}\n\"imp_2\"\n\"imp_3\n\"kcp\"\n",
		want: []string{
			"1 imp_1", "2 imp_2", "line 3: the line is not valid JSON: unexpected end of JSON input",
			`line 4: "kcp" stands in the imp_uid's place, and is the name of a gateway`,
		},
	}.run(t)
}

// What is within another object is named as the columns of a table are.
func TestMembersOfObjectsWithinAPaymentAreRead(t *testing.T) {
	t.Parallel()
	for _, test := range []golden{
		{name: "in an object", list: `{"imp_uid":"imp_1","receipt":{"apply_num":"3001"},"payment":{"pg":"kcp"}}`, want: []string{"1 imp_1 kcp 3001"}},
		{name: "deeper, in an array", list: `{"imp_uid":"imp_1","order":{"receipts":[{"apply_num":"3001","tier":"ABC"}]}}`, want: []string{"1 imp_1 3001 ABC"}},
		{
			name: "several receipts", list: `{"imp_uid":"imp_1","receipts":[{"apply_num":"3001"},{"apply_num":"3002"}]}`,
			want: []string{`line 1: two values are named for apply_num, "3001" and "3002"`},
		},
		{name: "the payment's own and the same", list: `{"imp_uid":"imp_1","apply_num":"3001","receipt":{"apply_num":"3001"}}`, want: []string{"1 imp_1 3001"}},
		{
			name: "of others", list: `{"imp_uid":"imp_1","old":{"apply_num":"1","imp_uid":"imp_2"},"user":{"tier":"VIP"},"card":{"apply_num":"2"}}`,
			want: []string{"1 imp_1"},
		},
		{name: "of PortOne's record, its usual part", list: `{"imp_uid":"imp_1","pg_provider":"kcp","pg_tid":"t","apply_num":"9"}`, want: []string{"1 imp_1 kcp"}},
		{name: "of the receipt beside the card's", list: `{"imp_uid":"imp_1","pg":"kcp","pay_method":"trans","pg_tid":"t","현금영수증 승인번호":"242524331"}`, want: []string{"1 imp_1 kcp 242524331"}},
		{name: "of PortOne's record in a program", list: `{"impUid":"imp_1","pgProvider":"kcp","pgTid":"t","applyNum":"9"}`, want: []string{"1 imp_1 kcp"}},
		{name: "of PortOne's record within", list: `{"imp_uid":"imp_1","portone":{"card_code":"1","pg_tid":"t","apply_num":"9"}}`, want: []string{"1 imp_1"}},
		{
			name: "of two receipts", list: `{"imp_uid":"imp_1","apply_num":"9","receipt":{"apply_num":"3001"}}`,
			want: []string{`line 1: two values are named for apply_num, "9" and "3001"`},
		},
		{name: "a number that was a fraction", list: `{"imp_uid":"imp_1","apply_num":242524332.0}`, want: []string{"1 imp_1 242524332"}},
		{name: "of PortOne's record", list: `{"cash_receipt_issued":true,"imp_uid":"imp_1","apply_num":"9","receipt":{"apply_num":"3001"}}`, want: []string{"1 imp_1 3001"}},
		{name: "an imp_uid alone", list: `{"payment":{"imp_uid":"imp_1"}}`, want: []string{"1 imp_1"}},
	} {
		test.run(t)
	}
}
