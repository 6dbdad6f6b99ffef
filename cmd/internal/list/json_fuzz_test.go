package list_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"receiptrevoker/cmd/internal/list"
)

// FuzzJSON holds that of an array that encoding/json accepts, each element is either
// read or reported, and that any text is read to an end or to an error that stays.
func FuzzJSON(f *testing.F) {
	for _, sample := range []string{
		`[{"imp_uid":"imp_1"},"imp_2",[1],null,{"a":"\"]"}]`, "[\n{\n\"imp_uid\": \"imp_1\"\n}\n,\n[[]]\n]",
		`{"code":0,"response":{"total":1,"list":["imp_1"]}}`, "{\n\"imp_uid\":\"imp_1\"}{}", `["imp_1"] ["imp_2", 1]`, `[null,1,{"imp_uid":"imp_1"}]`, `[{"code":0,"response":["imp_1"]},{"code":0,"response":{"list":["imp_2"]}}]`,
		`[{"x":"` + strings.Repeat("x", 2<<20) + `"}, "imp_1"]`, `{"code":0,` + "\n" + `"response":[1,2],"x":{}}`, `[{"a" 1}]`, "[{]", `[[{"imp_uid":"imp_1"}],[],["imp_2"],[[{}],1]]`, "{\n\"a\"",
	} {
		f.Add([]byte(sample))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		reader, err := list.NewReader(bytes.NewReader(data), list.Options{})
		if err != nil || reader.Format() != list.JSON {
			return
		}
		elements, err := count(reader)
		if again, stays := count(reader); again != 0 || !errors.Is(stays, err) {
			t.Fatalf("after its end, %v, the list has %d elements and ends with %v", err, again, stays)
		}
		var all []json.RawMessage // answers of PortOne in it have elements of their own
		if json.Unmarshal(data, &all) != nil || reader.Layout().Encoding != "UTF-8" || bytes.Contains(data, []byte("code")) {
			return
		}
		if want := parts(all); err != io.EOF || elements != want {
			t.Errorf("%d elements were read or reported, then %v; the array has %d", elements, err, want)
		}
	})
}

// parts returns how many elements there are, those of arrays that begin with an object or an
// array in their place.
func parts(all []json.RawMessage) int {
	n := 0
	for _, element := range all {
		var inner []json.RawMessage
		if json.Unmarshal(element, &inner) == nil && len(inner) > 0 && strings.ContainsAny(string(inner[0][:1]), "{[") {
			n += parts(inner)
		} else {
			n++
		}
	}
	return n
}

// count reads a list, and returns how many rows and unusable ones it has, and what
// ended it.
func count(reader *list.Reader) (int, error) {
	for n := 0; ; n++ {
		_, err := reader.Read()
		if _, ok := errors.AsType[*list.LineError](err); err != nil && !ok {
			return n, err
		}
	}
}
