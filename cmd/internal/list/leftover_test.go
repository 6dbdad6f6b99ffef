package list_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

func TestPaddingOfCompressedListsIsNoLine(t *testing.T) {
	t.Parallel()
	const text = "imp_uid\nimp_1\n"
	damaged := func(with string) string {
		return "line 3: what follows the " + with + " data is not compressed with it, and cannot be read: is a part of the list damaged?"
	}
	for with, file := range map[string][]byte{"gzip": gzipped(t, text), "zstd": zstandard(t, nil, text)} {
		for after, padded := range map[string]bool{
			"\n\n\r\n": true, "\x1A\r\n\x00\x00": true, strings.Repeat("\x00", 10_000): true,
			"\x00\x00\x00\x00x": false, strings.Repeat("\n", 10_000) + "imp_2": false,
		} {
			t.Run(fmt.Sprintf("%s %.10q", with, after), func(t *testing.T) {
				t.Parallel()
				want := []string{"2 imp_1"}
				if !padded {
					want = append(want, damaged(with))
				}
				got := read(t, bytes.NewReader(append(file[:len(file):len(file)], after...)), list.Options{})
				for i := range got[1:] {
					got[i+1] = "line 3" + got[i+1][strings.Index(got[i+1], ": "):]
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("read (-want +got):\n%s", diff)
				}
			})
		}
	}
	golden{name: "gzip, a line end alone", list: string(gzipped(t, text)) + "\n", want: []string{"2 imp_1"}}.run(t)
}

func TestWhatIsAroundJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []golden{
		{name: "zero bytes after an array", list: "[\"imp_1\", \"imp_2\", \"imp_3\"]\x00\x00", want: []string{"1 imp_1", "1 imp_2", "1 imp_3"}},
		{name: "zero bytes after NDJSON", list: "{\"imp_uid\":\"imp_1\"}\n\x00\x00", want: []string{"1 imp_1"}},
		{
			name: "arrays in an array", list: "[[{\"imp_uid\":\"imp_1\"}],\n[{\"imp_uid\":\"imp_2\"},{}],[],[[{\"imp_uid\":\"imp_3\"}]],{\"imp_uid\":\"imp_4\"}]",
			want: []string{"1 imp_1", "2 imp_2", "line 2: the object has no key imp_uid or impUid", "line 2: the element is not a JSON object", "2 imp_3", "2 imp_4"},
		},
		{
			name: "rows of a table", list: `[["imp_uid","apply_num"],["imp_1","7"]]`,
			want: []string{"line 1: the element is not a JSON object", "line 1: the element is not a JSON object"},
		},
	} {
		test.run(t)
	}
}

func TestPagesOfOneListAreCountedTogether(t *testing.T) {
	t.Parallel()
	page := func(total int, list string) string {
		return fmt.Sprintf(`{"code":0,"response":{"total":%d,"list":[%s]}}`, total, list)
	}
	const short = "1 the list that begins here holds 3 of 4: it is one page of several"
	for _, test := range []noted{
		{name: "all", list: "[" + page(3, `"imp_1","imp_2"`) + "," + page(3, `"imp_3"`) + "]", want: []string{"1 imp_1", "1 imp_2", "1 imp_3"}},
		{
			name: "not all", list: page(4, `"imp_1","imp_2"`) + "\n" + page(4, `"imp_3"`), want: []string{"1 imp_1", "1 imp_2", "2 imp_3"},
			notes: []string{short},
		},
	} {
		test.run(t)
	}
}

func TestErrorNamesTheSheets(t *testing.T) {
	t.Parallel()
	rows := row(1, text("A1", "안내"))
	for name, sheets := range map[string][]madeSheet{
		"sheet \"안내\": line 1: no column is named imp_uid": {{name: "안내", rows: rows}, {name: "환불"}},
		"sheet \"안내\": the list is empty":                  {{name: "안내"}, {name: "환불"}},
	} {
		_, err := list.NewReader(bytes.NewReader(book{sheets: sheets}.bytes(t)), list.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), name) || !strings.HasSuffix(err.Error(), `. It has other sheets, "환불": choose one with --sheet NAME`) {
			t.Errorf("NewReader: %v, want %s, and the other sheet", err, name)
		}
	}
}
