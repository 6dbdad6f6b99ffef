package list_test

import (
	"fmt"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

func TestAnswersOfPortOne(t *testing.T) {
	t.Parallel()
	const payment = `{"imp_uid":"%s","pay_method":"vbank","pg_provider":"kcp","apply_num":"30001"}`
	one, two := fmt.Sprintf(payment, "imp_1"), fmt.Sprintf(payment, "imp_2")
	for _, test := range []golden{
		{
			name: "list of payments, whose apply_num is not the receipt's",
			list: `{"code":0,"message":null,"response":{"total":2,"previous":0,"next":0,"list":[` + one + ",\n" + two + `]}}`,
			want: []string{"1 imp_1 kcp", "2 imp_2 kcp"},
		},
		{
			name: "array, over several lines, members after it", list: "{\n \"code\": 0,\n \"message\": null,\n \"response\": [\n  " + one +
				"\n ],\n \"x\": {\"y\": [1]}, \"z\": null\n}\n\"imp_3\"",
			want: []string{"5 imp_1 kcp", "9 imp_3"},
		},
		{
			name: "receipts, whose apply_num is theirs, and an answer about one receipt",
			list: "{\"code\":0,\"response\":[{\"imp_uid\":\"imp_1\",\"apply_num\":\"7\"}]}\n" +
				"{\"code\":0,\"message\":\"\",\"response\":{\"imp_uid\":\"imp_2\",\"apply_num\":\"8\",\"x\":{}}}",
			want: []string{"1 imp_1 7", "2 imp_2 8"},
		},
		{name: "empty list", list: `{"code":0,"message":null,"response":{"total":0,"list":[]}}`},
		{
			name: "array of answers", list: "[{\"code\":0,\"message\":null,\"response\":{\"total\":1,\"list\":[" + one + "]}},\n" +
				"{\"code\":0,\"response\":[" + two + ",{}]},\n{\"response\":null,\"code\":-1},{\"imp_uid\":\"imp_3\",\"apply_num\":\"9\"}]",
			want: []string{
				"1 imp_1 kcp", "2 imp_2 kcp", "line 2: the object has no key imp_uid or impUid",
				"line 3: the object has no key imp_uid or impUid", "3 imp_3 9",
			},
		},
		{name: "an answer after an array", list: `["imp_1"] {"code":0,"response":["imp_2"]}`, want: []string{"1 imp_1", "1 imp_2"}},
		{
			name: "a failure is reported", list: "{\"code\":0,\"response\":[\"imp_1\"]}\n{\"code\":-1,\"message\":\"x\",\"response\":null}",
			want: []string{"1 imp_1", "line 2: it is an answer of PortOne that says, with code -1: x"},
		},
		{
			name: "an object of one's own with such keys is a payment", list: "{\"imp_uid\":\"imp_1\",\"code\":0,\"response\":[{\"imp_uid\":\"imp_2\"}]}\n",
			want: []string{"1 imp_1"},
		},
		{
			name: "answers of other services, whose list is in an object of its own",
			list: `{"status":200,"data":{"page":{"n":1},"list":[{"imp_uid":"imp_1"},{"imp_uid":"imp_2","pg":"kcp"}],"n":2},"ok":true}` +
				"\n" + `{"result":{"items":[{"imp_uid":"imp_3"}]}}`,
			want: []string{"1 imp_1", "1 imp_2 kcp", "2 imp_3"},
		},
		{
			name: "a list in an object of a payment is not its own", list: `{"imp_uid":"imp_1","data":{"list":[{"imp_uid":"imp_2"}]}}`,
			want: []string{"1 imp_1"},
		},
		{
			name: "a payment in an object of its own", list: `{"data":{"imp_uid":"imp_1","pg":"kcp"}}`, want: []string{"1 imp_1 kcp"},
		},
		{
			name: "a list longer than the first 64 KiB, on one line",
			list: `{"code":0,"message":null,"response":{"total":5000,"list":[` + strings.Repeat(one+",", 4_999) + one + `]}}`,
			want: repeated("1 imp_1 kcp", 5_000),
		},
	} {
		test.run(t)
	}
}

func repeated(line string, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = line
	}
	return lines
}

func TestPageIsNoted(t *testing.T) {
	t.Parallel()
	const page = `{"code":0,"response":{"total":%d,"list":["imp_1","imp_2"],"next":2}}`
	const spring = `{"content":[{"imp_uid":"imp_1"},{"imp_uid":"imp_2"}],"totalElements":120,"last":false}`
	for list, want := range map[string]int{fmt.Sprintf(page+"\n"+page, 2, 120): 2, spring: 1, strings.Replace(spring, "120", "2", 1): 0} {
		notes := notesOf(t, list)
		if want == 0 && len(notes) > 0 || want > 0 && !cmp.Equal(notes, []string{
			fmt.Sprintf("%d the list that begins here holds 2 of 120: it is one page of several", want),
		}) {
			t.Errorf("%s: %q", list, notes)
		}
	}
}

// notesOf returns the notes of a list with their lines.
func notesOf(t *testing.T, text string) (notes []string) {
	t.Helper()
	reader, err := list.NewReader(strings.NewReader(text), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rest(t, reader)
	for _, note := range reader.Notes() {
		notes = append(notes, fmt.Sprint(note.Line, " ", note.Text))
	}
	return notes
}
