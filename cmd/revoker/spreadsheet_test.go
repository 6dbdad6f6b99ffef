package main

import "testing"

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
		"-5\n=1+1":                   "'-5\n=1+1",
		"-5\n":                       "'-5\n",
		"@SUM(1)":                    "'@SUM(1)",
		"\t=1+1":                     "'\t=1+1",
		"\r=1+1":                     "'\r=1+1",
		"-１":                         "'-１",
	} {
		if got := inert(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}
