package main

import (
	"bufio"
	"encoding/csv"
	"strings"
	"testing"
)

func TestSpreadsheetRunsNoValue(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":                           "",
		"PG사 점검":                     "PG사 점검",
		"imp_1":                      "imp_1",
		"2026-11-23T12:00:00.000Z":   "2026-11-23T12:00:00.000Z",
		"a=1":                        "a=1",
		"0":                          "0",
		"-5":                         "-5",
		"+5":                         "+5",
		"-5.25":                      "-5.25",
		"=1+1":                       "'=1+1",
		`=HYPERLINK("http://x","y")`: `'=HYPERLINK("http://x","y")`,
		"+1+1":                       "'+1+1",
		"-1+cmd|' /C calc'!A0":       "'-1+cmd|' /C calc'!A0",
		"-":                          "'-",
		"-5.":                        "'-5.",
		"-5\n=1+1":                   "'-5\n'=1+1",
		"-5\n":                       "'-5\n",
		"@SUM(1)":                    "'@SUM(1)",
		" =1+1":                      " '=1+1",
		"\u00a0=1+1":                 "\u00a0'=1+1",
		"\u200b=1+1":                 "\u200b'=1+1",
		"\u3164\ufe0f=1+1":           "\u3164\ufe0f'=1+1",
		"＝1+1":                       "'＝1+1",
		"＋1+1":                       "'＋1+1",
		"－1":                         "'－1",
		"＠SUM(1)":                    "'＠SUM(1)",
		"﹦1":                         "'﹦1",
		"⁺1":                         "'⁺1",
		"−1+1":                       "'−1+1",
		`"=1+1"`:                     `"'=1+1"`,
		"'=1+1":                      "'=1+1",
		"x;=1+1 \n=2+2":              "x;'=1+1 \n'=2+2",
		"x,=1+1|@a;+1+1":             "x,'=1+1|'@a;'+1+1",
		"x; - 1+1":                   "x; '- 1+1",
		`x;"=1`:                      `x;"'=1`,
		"x;-5;y":                     "x;'-5;y",
		"x;-5,5*A1":                  "x;'-5,5*A1",
		"-5 *A1":                     "'-5 *A1",
		"-5\n*A1":                    "'-5\n*A1",
		"a =\u00a0=1":                "a '=\u00a0'=1",
		"a -5 b":                     "a -5 b",
		"실패 =WEBSERVICE(A1)":         "실패 '=WEBSERVICE(A1)",
		"code -1":                    "code '-1",
		"a - b":                      "a - b",
		"a -b":                       "a '-b",
		"a = b":                      "a = b",
		"a =":                        "a '=",
		"a -\n=1":                    "a '-\n'=1",
		"https://x/?a=b&c==":         "https://x/?a=b&c==",
		"2026-11-23":                 "2026-11-23",
		"-１":                         "'-１",
	} {
		if got := inert(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestSheetShowsNothingThatChangesWhatIsShown(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"\x00=1+1":           "?=1+1",
		"x\t=1":              "x '=1",
		"a\rb":               "a\nb",
		"a\r\n=1":            "a\n'=1",
		"\x1b[2Kx\x07\u009b": "?[2Kx??",
		"\u202etxt\u2028":    "?txt?",
		"a\u200db":           "a\u200db",
	} {
		if got := inert(shown(value)); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

// What sheet writes, a reader of CSV reads as it is, but for apostrophes and what shown takes out, and no
// part of it begins as a formula, wherever it is split.
func FuzzSheet(f *testing.F) {
	for _, seed := range []string{"=1", "x;=1", `"`, `";"=1`, "a\r\nb", " x", "-5 -5", "\u2028＝", "x \n,;|-1+1"} {
		f.Add(seed, "y")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var text strings.Builder
		out := bufio.NewWriter(&text)
		if err := (sheet{out}).write([]string{a, b, "end"}); err != nil || out.Flush() != nil {
			t.Fatal(err)
		}
		record, err := csv.NewReader(strings.NewReader(text.String())).Read()
		if err != nil || len(record) != 3 || record[0] != inert(shown(a)) || record[1] != inert(shown(b)) {
			t.Fatalf("%q reads as %q (%v)", text.String(), record, err)
		}
		if got, want := strings.ReplaceAll(record[0], "'", ""), strings.ReplaceAll(shown(a), "'", ""); got != want {
			t.Errorf("%q became %q", want, got)
		}
		for _, part := range strings.FieldsFunc(text.String(), func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			begin := strings.TrimLeftFunc(part, func(r rune) bool { return r == '"' || invisible(r) })
			if begin != "" && operator([]rune(begin)[0]) && !plainNumber.MatchString(begin) {
				t.Errorf("%q: %q begins as a formula", text.String(), part)
			}
		}
	})
}
