package list_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
)

// Lists as databases, Excel and programs write them.
func TestListsAsProgramsWriteThem(t *testing.T) {
	t.Parallel()
	const totals = "the line looks like a row of totals"
	for name, test := range map[string]struct {
		list string
		want []string
	}{
		"an apply_num that is a number": {
			`{"imp_uid":"imp_1","apply_num":242524332}` + "\n" + `{"imp_uid":"imp_2","apply_num":2.4e8}` + "\n",
			[]string{"1 imp_1 242524332", "line 2: apply_num 2.4e8 is not a string"},
		},
		"no imp_uid, and several gateways within": {
			`{"orders":[{"imp_uid":"imp_1","pg":"kcp"},{"imp_uid":"imp_2","pg":"nice"}]}` + "\n",
			[]string{"line 1: the object has no key imp_uid or impUid"},
		},
		"a list under data": {
			`{"ok":1,"data":[{"pg":"kcp","imp_uid":"imp_1","pay_method":"x","apply_num":"7"},{"imp_uid":"imp_2","pg":"nice"}]}` + "\n",
			[]string{"1 imp_1 kcp 7", "1 imp_2 nice"},
		},
		"a page": {
			`{"totalElements":2,"content":[{"imp_uid":"imp_1","pg":"kcp"},{"imp_uid":"imp_2","pg":"nice"}],"last":true}` + "\n",
			[]string{"1 imp_1 kcp", "1 imp_2 nice"},
		},
		"a payment within": {
			`{"order":7,"payment":{"imp_uid":"imp_1","pg_provider":"kcp","apply_num":"300"}}` + "\n" +
				`{"order":8,"receipt":{"impUid":"imp_2","apply_num":"300"}}` + "\n",
			[]string{"1 imp_1 kcp", "2 imp_2 300"},
		},
		"a page that names something of a payment": {
			`{"order":1,"pg":"kcp","apply_num":"300","items":[{"imp_uid":"imp_1"}]}` + "\n" +
				`{"order":2,"pg":"kcp","payment":{"imp_uid":"imp_2","pg":"nice"}}` + "\n",
			[]string{"line 1: the object has no key imp_uid or impUid", "line 2: the object has no key imp_uid or impUid"},
		},
		"two payments within, or one that is another's": {
			`{"order":7,"a":{"imp_uid":"imp_1"},"b":{"imp_uid":"imp_2"}}` + "\n" + `{"order":8,"previous":{"imp_uid":"imp_3"}}` + "\n",
			[]string{"line 1: the object has no key imp_uid or impUid", "line 2: the object has no key imp_uid or impUid"},
		},
		"a page before what names something of a payment": {
			`{"items":[{"imp_uid":"imp_1"}],"apply_num":"300"}` + "\n",
			[]string{"line 1: the object has no key imp_uid or impUid"},
		},
		"a payment with data": {
			"[{\"data\":[{\"k\":1}],\"imp_uid\":\"imp_1\"},\n{\"type\":\"table\",\"data\":[{\"imp_uid\":\"imp_2\"}]}]\n",
			[]string{"1 imp_1", "2 imp_2"},
		},
		"an imp_uid that is a number": {`{"imp_uid":12}` + "\n", []string{"line 1: imp_uid 12 is not a string"}},
		"a row of 요약":                 {"주문번호,imp_uid,금액\n1,imp_1,5\n요약,1,5\n", []string{"2 imp_1", "line 3: " + totals}},
		"a row of 건수":                 {"주문번호,imp_uid,금액\n1,imp_1,5\n건수: 1건,,5\n", []string{"2 imp_1", "line 3: " + totals}},
		"a row of 평균":                 {"주문번호,imp_uid,금액\n1,imp_1,5\n평균,,5\n", []string{"2 imp_1", "line 3: " + totals}},
		"a bare count": {
			"imp_uid,금액\nimp_1,5\n1,5\n",
			[]string{"2 imp_1", `line 3: "1" stands in the imp_uid's column, where others begin with imp_: it may be how many there are`},
		},
		"numbers where none begins with imp_": {"imp_uid,금액\n1,5\n2,5\n", []string{"2 1", "3 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, read(t, strings.NewReader(test.list), list.Options{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Tables as mysql and psql draw them are read, whatever their last column is.
func TestTablesInABoxAreRead(t *testing.T) {
	t.Parallel()
	const border = "+-------+------+-----------+\n"
	for last, want := range map[string]string{"apply_num": "imp_1 kcp 7", "tier": "imp_1 kcp 7", "pg_provider": "", "memo": "imp_1 kcp"} {
		text := border + "| imp_uid | pg | " + last + " |\n" + border + "| imp_1 | kcp | 7 |\n" + border
		reader, err := list.NewReader(strings.NewReader(text), list.Options{})
		if err != nil {
			t.Errorf("%s: %v", last, err)
			continue
		}
		if row := rest(t, reader); want != "" && !strings.Contains(strings.Join(row, "\n"), want) {
			t.Errorf("%s: got %q, want %q", last, row, want)
		}
	}
}

// What stands beside a list and holds imp_uids is not dropped without a word.
func TestImpUIDsBesideAListAreTold(t *testing.T) {
	t.Parallel()
	const text = `{"data":[{"imp_uid":"imp_1"}],"errors":[{"imp_uid":"imp_2"}]}`
	reader, err := list.NewReader(strings.NewReader(text), list.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, first := reader.Read()
	if _, err := reader.Read(); first != nil || !errors.Is(err, list.ErrBroken) || !strings.Contains(err.Error(), `under "errors"`) {
		t.Errorf("got %v, then %v", first, err)
	}
}
