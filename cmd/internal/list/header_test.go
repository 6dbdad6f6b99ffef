package list_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"receiptrevoker/cmd/internal/list"

	"github.com/google/go-cmp/cmp"
)

func TestColumnIsFound(t *testing.T) {
	t.Parallel()
	for _, test := range []golden{
		{name: "imp_uid", list: "no,imp_uid\n1,imp_1\n"},
		{name: "impUid", list: "no,impUid\n1,imp_1\n"},
		{name: "whatever its case and blanks", list: "no, IMP_UID \n1,imp_1\n"},
		{name: "포트원 거래고유번호", list: "no,포트원 거래고유번호\n1,imp_1\n"},
		{name: "아임포트 거래고유번호", list: "no,아임포트 거래고유번호\n1,imp_1\n"},
		{name: "거래고유번호", list: "no,거래고유번호\n1,imp_1\n"},
		{name: "the preferred of two names", list: "거래고유번호,imp_uid\ntid,imp_1\n"},
		{
			name: "as told, even if a known name is there", list: "imp_uid,결제번호\nx,imp_1\n",
			opts: list.Options{Column: " 결제번호 "},
		},
	} {
		test.want = []string{"2 imp_1"}
		test.run(t)
	}
}

func TestListThatCannotBeReadIsExplained(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, list, column, want string
	}{
		{"no known name", "주문번호,금액\n1,2\n", "", "line 1: no column is named imp_uid, impUid, 포트원 거래고유번호, " +
			"아임포트 거래고유번호, 거래고유번호, 포트원 거래번호, 아임포트 거래번호; the columns are \"주문번호\", \"금액\": say which holds the imp_uid with --column NAME"},
		{
			"no such column", "\nno,imp_uid\n1,2\n", "tid",
			"line 2: no column is named \"tid\", the columns are \"no\", \"imp_uid\": choose one with --column NAME",
		},
		{"no header", "20261101,imp_1\n", "", "line 1: the list has no header, its first line is \"20261101\", \"imp_1\": " +
			"put the columns' names above it, with imp_uid or what --column NAME says for the payment"},
		{
			"one name twice", "imp_uid,no,IMP_UID\n", "",
			"line 1: columns 1 and 3 are both named \"imp_uid\": rename one of them",
		},
		{"gateway twice", "imp_uid,pg,pg\n", "", "line 1: columns 2 and 3 are both named \"pg\": rename one of them"},
		{"name that only looks like a payment", "imp_id\n", "", "line 1: no column is named imp_uid, impUid, 포트원 거래고유번호, " +
			"아임포트 거래고유번호, 거래고유번호, 포트원 거래번호, 아임포트 거래번호; the columns are \"imp_id\": say which holds the imp_uid with --column NAME"},
		{"header too long", strings.Repeat("x,", 1<<20), "", "line 1 is longer than 1 MiB"},
		{"header with an open quote", "imp_uid,\"x\n", "", "line 1: a quote is opened here and not closed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := list.NewReader(strings.NewReader(test.list), list.Options{Column: test.column})
			if err == nil {
				t.Fatal("NewReader succeeded")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorNamesThirtyColumnsAtMost(t *testing.T) {
	t.Parallel()
	_, err := list.NewReader(strings.NewReader(strings.Repeat("금액,", 100)), list.Options{})
	if err == nil || strings.Count(err.Error(), `"금액"`) != 30 || !strings.Contains(err.Error(), "…") {
		t.Errorf("NewReader: %v, want 30 columns and …", err)
	}
}

func TestReadErrorAtTheBeginningIsReturned(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is broken")
	in := io.MultiReader(strings.NewReader("imp_uid\nimp_1\n"), iotest.ErrReader(broken))
	if _, err := list.NewReader(in, list.Options{}); !errors.Is(err, broken) {
		t.Errorf("NewReader: %v, want %v", err, broken)
	}
}

func TestEmptyListIsAnError(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":                  "",
		"byte-order mark":          "\xEF\xBB\xBF",
		"byte-order mark, UTF-16":  "\xFF\xFE",
		"blank lines":              " \r\n\t\n\n",
		"more than 64 KiB of them": strings.Repeat("\r\n", 100<<10),
		"empty columns":            ",,,\n,,,\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := list.NewReader(strings.NewReader(text), list.Options{}); !errors.Is(err, list.ErrEmpty) {
				t.Errorf("NewReader: %v, want %v", err, list.ErrEmpty)
			}
		})
	}
}

func TestBlankLinesBeforeTheListAreCounted(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("\n", 100<<10) + "imp_uid\nimp_1\n"
	if diff := cmp.Diff([]string{"102402 imp_1"}, read(t, strings.NewReader(text), list.Options{})); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}
