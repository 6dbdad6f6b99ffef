package iamporttest_test

import (
	"strings"
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestParseRule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text      string
		want      iamporttest.Rule
		canonical string // empty: text itself
	}{
		{"500", iamporttest.Rule{Fault: "500"}, ""},
		{"500=20%", iamporttest.Rule{Fault: "500", Percent: 20}, ""},
		{"kcp:500x3", iamporttest.Rule{PG: tasks.KCP, Fault: "500", Times: 3}, ""},
		{"imp_123:429@5s", iamporttest.Rule{ImpUID: "imp_123", Fault: "429", RetryAfter: 5 * time.Second}, ""},
		{
			"slow-after=1%@70s",
			iamporttest.Rule{Fault: "slow-after", Percent: 1, Delay: 70 * time.Second},
			"slow-after=1%@1m10s",
		},
		{"502=50%/token", iamporttest.Rule{Fault: "502", Percent: 50, Token: true}, "502=50%/token"},
		{"*:502/lookup", iamporttest.Rule{Fault: "502", Lookup: true}, "502/lookup"},
		{" hang\n", iamporttest.Rule{Fault: "hang"}, "hang"},
		{"expire-token", iamporttest.Rule{Fault: "expire-token"}, ""},
		{"html-404x2@5s/lookup", iamporttest.Rule{
			Fault: iamporttest.Page(404), Times: 2, RetryAfter: 5 * time.Second, Lookup: true,
		}, ""},
		{"expire-tokenx2", iamporttest.Rule{Fault: "expire-token", Times: 2}, ""},
		{"html5_inicis:503x2=0.25%@1m30s/lookup", iamporttest.Rule{
			PG: tasks.Inicis, Fault: "503", Times: 2, Percent: 0.25, RetryAfter: 90 * time.Second, Lookup: true,
		}, ""},
		{"kcp+imps_1:code", iamporttest.Rule{PG: tasks.KCP, ImpUID: "imps_1", Fault: "code"}, ""},
		{"30%:500", iamporttest.Rule{Fault: "500", Receipts: 30}, ""},
		{"2.5%+kcp:500=50%", iamporttest.Rule{PG: tasks.KCP, Fault: "500", Receipts: 2.5, Percent: 50}, "kcp+2.5%:500=50%"},
		{"imps_1+kcp:code", iamporttest.Rule{PG: tasks.KCP, ImpUID: "imps_1", Fault: "code"}, "kcp+imps_1:code"},
	}
	for _, test := range tests {
		got, err := iamporttest.ParseRule(test.text)
		if err != nil || got != test.want {
			t.Errorf("%q: got %+v, %v, want %+v", test.text, got, err, test.want)
		}
		canonical := test.canonical
		if canonical == "" {
			canonical = test.text
		}
		if got.String() != canonical {
			t.Errorf("%q: got %q in return, want %q", test.text, got, canonical)
		}
	}
	for _, fault := range iamporttest.Faults() {
		if got, err := iamporttest.ParseRule(string(fault)); err != nil || got.Fault != fault {
			t.Errorf("%q: got %+v, %v", fault, got, err)
		}
	}
}

func TestParseRuleErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"", `unknown fault "", want one of 400, 401`},
		{"599", `unknown fault "599", want one of`},
		{"expire", `unknown fault "expire", want one of`},
		{"kpc:500", `unknown target "kpc", want *, an imp_uid that starts with imp, a share of the receipts such as 30%, or one of html5_inicis, kcp`},
		{":500", `unknown target ""`},
		{"kcp+nice:500", `unknown target "kcp+nice"`},
		{"imp/x:500", `unknown ending "/x:500", want /lookup or /token`},
		{"imp_1?:500", `only A-Z a-z 0-9 _ and - are allowed`},
		{"0%:500", `bad share "0%" of the receipts, want a percentage above 0% and up to 100%`},
		{"NaN%:500", `bad share "NaN%" of the receipts`},
		{"30%+40%:500", `unknown target "30%+40%"`},
		{"500/get", `unknown ending "/get", want /lookup or /token`},
		{"kcp:500/token", `a call for a token is for no receipt: leave out the target`},
		{"500x2/token", `a call for a token is for no receipt`},
		{"500x0", `bad count "0" after x, want a whole number from 1`},
		{"500x-1", `bad count "-1" after x`},
		{"500xthree", `bad count "three" after x`},
		{"500=20", `bad share "20" after =, want a percentage above 0% and up to 100%`},
		{"500=0%", `bad share "0%"`},
		{"500=101%", `bad share "101%"`},
		{"500=NaN%", `bad share "NaN%"`},
		{"429@soon", `bad duration "soon" after @, want one above 0 such as 5s`},
		{"429@-1s", `bad duration "-1s"`},
		{"500@5s", `a duration after @ is for the faults 429, 503, html-404 and the like, slow-after and cut-late only`},
		{"429@5s=20%", `bad duration "5s=20%"`},
	}
	for _, test := range tests {
		_, err := iamporttest.ParseRule(test.text)
		switch {
		case err == nil:
			t.Errorf("%q: got no error, want %q", test.text, test.want)
		case !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), iamporttest.RuleSyntax):
			t.Errorf("%q: got error %q, want %q in it, and the syntax", test.text, err, test.want)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{"500", "kcp:500x3=20%", "imp_1:429@5s/lookup", "slow-after@70s", "kcp+imp_1+30%:hang"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := iamporttest.ParseRule(text)
		if err != nil {
			return
		}
		again, err := iamporttest.ParseRule(rule.String())
		if err != nil || again != rule {
			t.Errorf("%q: got %+v, written as %q and read again %+v, %v", text, rule, rule, again, err)
		}
	})
}
