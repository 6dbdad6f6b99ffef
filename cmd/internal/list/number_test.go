package list_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/cmd/internal/list"
)

// A number of a receipt's that has another form than most is told of, and used: a comma
// without quotes may have moved it there, or it may be right.
func TestNumbersUnlikeMostAreTold(t *testing.T) {
	t.Parallel()
	const header, good = "imp_uid,buyer,apply_num,memo\n", "imp_100000000001,x,242524331,y\n"
	short := func(number string) string { return "imp_100000000002,x," + number + "\n" }
	line := func(number string) string { return "imp_100000000002,x," + number + ",y\n" }
	for name, test := range map[string]struct {
		list     string
		want     []list.Note
		doubtful bool
	}{
		"a name":                            {list: header + good + line("Ltd"), want: []list.Note{{Line: 3, Text: "Ltd"}}},
		"an amount":                         {list: header + good + line("2026"), want: []list.Note{{Line: 3, Text: "2026"}}},
		"a phone number":                    {list: header + good + line("010-1234-5678"), want: []list.Note{{Line: 3, Text: "010-1234-5678"}}},
		"ten digits among nine":             {list: header + good + line("1867677808"), want: []list.Note{{Line: 3, Text: "1867677808"}}},
		"zeros that were dropped":           {list: header + good + line("3456789")},
		"as pandas writes it":               {list: header + good + line("242524332.0")},
		"none":                              {list: header + good + line("")},
		"letters alone":                     {list: header + line("J1234567") + line("G12345678")},
		"ten digits alone":                  {list: header + line("1867677808") + line("1867677809")},
		"a memo left out behind ten digits": {list: header + short("1867677808") + short("1867677809")},
		"values left out, as by CONCAT_WS":  {list: header + short("1000") + short("2000"), want: []list.Note{{Line: 2, Text: "1000"}, {Line: 3, Text: "2000"}}, doubtful: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, err := list.NewReader(strings.NewReader(test.list), list.Options{})
			var rows int
			for err == nil {
				if _, err = reader.Read(); err == nil {
					rows++
				}
			}
			got := reader.Suspects()
			if diff := cmp.Diff(test.want, got.NumberExamples); diff != "" || !errors.Is(err, io.EOF) || got.Doubtful() != test.doubtful {
				t.Errorf("doubtful: %t, %v (-want +got):\n%s", got.Doubtful(), err, diff)
			}
			if want := strings.Count(test.list, "\n") - 1; rows != want {
				t.Errorf("%d lines can be used, want all %d", rows, want)
			}
		})
	}
}

// A number that the tax office gives no receipt is counted, and asked about where most are such.
func TestNumbersOfOtherThingsAreDoubtful(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{
		"242524331": false, "1867677808": false, "J1234567": false, "": false,
		"010-1234-5678": true, "123-45-67890": true, "2026-11-01": true, "202611011234567890123456": true, "9001011234567": true,
	} {
		reader, err := list.NewReader(strings.NewReader("imp_uid,apply_num\nimp_100000000001,"+number+"\n"), list.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rest(t, reader)
		if got := reader.Suspects(); got.Doubtful() != want || (got.Numbers > 0) != want {
			t.Errorf("%q: doubtful %t, %d numbers; want %t", number, got.Doubtful(), got.Numbers, want)
		}
	}
}
