package list_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
)

// A line asks for one payment. Of those that it holds besides, a person is to be told.
func TestFurtherImpUIDsOfALineAreDoubtful(t *testing.T) {
	t.Parallel()
	const first, second = "imp_100000000001", "imp_100000000002"
	one := []list.Note{{Line: 2, Text: second}}
	for name, test := range map[string]struct {
		list string
		want []list.Note
	}{
		"another column":         {"imp_uid,추가결제 imp_uid\n" + first + "," + second + "\n", one},
		"in brackets":            {"imp_uid,imp_uid(배송비)\n" + first + "," + second + "\n", one},
		"of any name":            {"imp_uid,second_payment\n" + first + "," + second + "\n", one},
		"without a name":         {"imp_uid,,memo\n" + first + "," + second + ",x\n", one},
		"the one before":         {"imp_uid,이전 imp_uid,old\n" + first + "," + second + "," + second + "\n", one},
		"the same":               {"imp_uid,again\n" + first + "," + first + "\n", nil},
		"in a sentence":          {"imp_uid,memo\n" + first + ",see " + second + "\n", nil},
		"objects":                {"\n" + `{"imp_uid":"` + first + `","refunds":[{"imp_uid":"` + second + `"}]}`, one},
		"strings":                {"\n" + `{"imp_uid":"` + first + `","payments":["` + first + `","` + second + `"]}`, one},
		"a key of any name":      {"\n" + `{"imp_uid":"` + first + `","imp_uid_2":"` + second + `"}`, one},
		"a key that ends so":     {"\n" + `{"imp_uid":"` + first + `","delivery_imp_uid":"` + second + `"}`, one},
		"several in a cell":      {"imp_uid,추가결제\n" + first + ",\"" + second + ",imp_100000000003\"\n", one},
		"several in a string":    {"\n" + `{"imp_uid":"` + first + `","all":"` + first + " " + second + `"}`, one},
		"the key of one before":  {"\n" + `{"imp_uid":"` + first + `","old_imp_uid":"` + second + `"}`, one},
		"objects of the payment": {"\n" + `{"imp_uid":"` + first + `","cancels":[{"imp_uid":"` + first + `"}]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), list.Options{})
			for err == nil {
				_, err = reader.Read()
			}
			got := reader.Suspects()
			if diff := cmp.Diff(test.want, got.Further); diff != "" || got.Doubtful() != (test.want != nil) || !errors.Is(err, io.EOF) {
				t.Errorf("doubtful: %t, %v (-want +got):\n%s", got.Doubtful(), err, diff)
			}
		})
	}
}
