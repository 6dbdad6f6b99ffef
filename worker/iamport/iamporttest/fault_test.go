package iamporttest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"receiptrevoker/worker/iamport/iamporttest"
)

// TestFaults sees every fault once, as a client does, together with the truth.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rule    iamporttest.Rule
		revoked bool
		check   func(*testing.T, reply)
	}{
		{iamporttest.Rule{Fault: iamporttest.BadRequest}, false, envelope(400)},
		{iamporttest.Rule{Fault: iamporttest.Unauthorized}, false, envelope(401)},
		{iamporttest.Rule{Fault: iamporttest.Forbidden}, false, envelope(403)},
		{iamporttest.Rule{Fault: iamporttest.NotFound}, false, envelope(404)},
		{iamporttest.Rule{Fault: iamporttest.Conflict}, false, envelope(409)},
		{iamporttest.Rule{Fault: iamporttest.Page(404)}, false, html(404)},
		{iamporttest.Rule{Fault: iamporttest.Page(413)}, false, html(413)},
		{
			iamporttest.Rule{Fault: iamporttest.Page(429), RetryAfter: time.Minute},
			false,
			all(html(429), retryAfter("60")),
		},
		{
			iamporttest.Rule{Fault: iamporttest.TooManyRequests, RetryAfter: 1500 * time.Millisecond},
			false,
			all(envelope(429), retryAfter("2")),
		},
		{iamporttest.Rule{Fault: iamporttest.TooManyRequests}, false, all(envelope(429), retryAfter(""))},
		{iamporttest.Rule{Fault: iamporttest.GatewayFailed}, false, envelope(500)},
		{iamporttest.Rule{Fault: iamporttest.Unsupported}, false, envelope(501)},
		{iamporttest.Rule{Fault: iamporttest.BadGateway}, false, html(502)},
		{
			iamporttest.Rule{Fault: iamporttest.Unavailable, RetryAfter: time.Minute},
			false,
			all(html(503), retryAfter("60")),
		},
		{iamporttest.Rule{Fault: iamporttest.ExpireToken}, false, envelope(401)},
		{iamporttest.Rule{Fault: iamporttest.RefusedCode}, false, envelope(200)},
		{iamporttest.Rule{Fault: iamporttest.NotJSON}, false, text("OK\n")},
		{iamporttest.Rule{Fault: iamporttest.NoResponse}, true, withoutResponse},
		{iamporttest.Rule{Fault: iamporttest.Redirect}, false, redirected},
		{iamporttest.Rule{Fault: iamporttest.CutBefore}, false, wantCut},
		{iamporttest.Rule{Fault: iamporttest.CutAfter}, true, wantCut},
		{iamporttest.Rule{Fault: iamporttest.CutLate, Delay: time.Hour}, false, wantCut},
		{iamporttest.Rule{Fault: iamporttest.CutBody}, true, all(wantCut, half)},
		{iamporttest.Rule{Fault: iamporttest.SlowAfter, Delay: time.Millisecond}, true, revoked},
		{iamporttest.Rule{Fault: iamporttest.Hang}, false, gaveUp},
		{iamporttest.Rule{Fault: iamporttest.Endless}, true, gaveUp},
	}
	seen := make(map[iamporttest.Fault]bool)
	for _, test := range tests {
		seen[test.rule.Fault] = true
		t.Run(test.rule.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{test.rule}})
			p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
			test.check(t, p.revokeUntilGivenUp("imp_1", test.rule.Fault))

			truth := p.truth("imp_1")
			if truth.Revoked() != test.revoked || truth.Effective > 1 || truth.Deletes != 1 {
				t.Errorf("got %+v, want revoked %t after one delete", truth, test.revoked)
			}
			if got := p.Stats().Faults[test.rule.Fault]; got != 1 {
				t.Errorf("got fault counted %d times, want once", got)
			}
		})
	}
	for _, fault := range iamporttest.Faults() {
		if !seen[fault] {
			t.Errorf("fault %s is not tested", fault)
		}
	}
}

// revokeUntilGivenUp sends a DELETE. Those that would never end are given up
// once it is certain that the fault has taken effect.
func (p *portone) revokeUntilGivenUp(impUID string, fault iamporttest.Fault) reply {
	if fault != iamporttest.Hang && fault != iamporttest.Endless {
		return p.revoke(impUID)
	}
	ctx, giveUp := context.WithCancel(p.t.Context())
	defer giveUp()
	go func() {
		for p.Stats().Faults[fault] == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		giveUp()
	}()
	return p.call(ctx, http.MethodDelete, "/receipts/"+impUID, "")
}

func all(checks ...func(*testing.T, reply)) func(*testing.T, reply) {
	return func(t *testing.T, got reply) {
		for _, check := range checks {
			check(t, got)
		}
	}
}

// envelope wants a failure with that status, in an envelope.
func envelope(status int) func(*testing.T, reply) {
	return func(t *testing.T, got reply) {
		wantStatus(t, got, status)
		if got.body.Code == nil || *got.body.Code != -1 || len(got.body.Message) < 3 || got.body.Response != nil {
			t.Errorf("got body %s, want code -1, a message, and response null", got.text)
		}
	}
}

func html(status int) func(*testing.T, reply) {
	return func(t *testing.T, got reply) {
		wantStatus(t, got, status)
		if !strings.HasPrefix(got.text, "<html>") || got.header.Get("Content-Type") != "text/html" {
			t.Errorf("got body %s, want HTML", got.text)
		}
	}
}

func text(want string) func(*testing.T, reply) {
	return func(t *testing.T, got reply) {
		wantStatus(t, got, 200)
		if got.text != want {
			t.Errorf("got body %q, want %q", got.text, want)
		}
	}
}

func retryAfter(want string) func(*testing.T, reply) {
	return func(t *testing.T, got reply) {
		if header := got.header.Get("Retry-After"); header != want {
			t.Errorf("got Retry-After %q, want %q", header, want)
		}
	}
}

func withoutResponse(t *testing.T, got reply) {
	wantStatus(t, got, 200)
	if *got.body.Code != 0 || strings.Contains(got.text, "response") {
		t.Errorf("got body %s, want code 0 and no response", got.text)
	}
}

func redirected(t *testing.T, got reply) {
	wantStatus(t, got, 302)
	if got.header.Get("Location") == "" {
		t.Error("got no Location")
	}
}

func revoked(t *testing.T, got reply) {
	wantStatus(t, got, 200)
	if at, _ := got.body.Response["cancelled_at"].(float64); *got.body.Code != 0 || at <= 0 {
		t.Errorf("got body %s, want code 0 and cancelled_at", got.text)
	}
}

func half(t *testing.T, got reply) {
	if got.status != 200 || !errors.Is(got.err, io.ErrUnexpectedEOF) || !strings.HasPrefix(got.text, `{"code":0`) {
		t.Errorf("got %d %q, %v, want the beginning of a success", got.status, got.text, got.err)
	}
}

func gaveUp(t *testing.T, got reply) {
	if !errors.Is(got.err, context.Canceled) {
		t.Errorf("got %d, %v, want no end until the client gives up", got.status, got.err)
	}
}

func TestExpireToken(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{ImpUID: "imp_1", Times: 1, Fault: iamporttest.ExpireToken}}})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"}, iamporttest.Receipt{ImpUID: "imp_2"})
	wantStatus(t, p.revoke("imp_1"), 401)
	wantStatus(t, p.revoke("imp_2"), 401) // the token is gone for everybody
	p.bearer = p.token()
	wantStatus(t, p.revoke("imp_1"), 200)
	wantStatus(t, p.revoke("imp_2"), 200)
	if got := p.Stats().Tokens; got != 2 {
		t.Errorf("got %d tokens, want 2", got)
	}
}

func TestUnauthorizedKeepsToken(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{Times: 1, Fault: iamporttest.Unauthorized}}})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	wantStatus(t, p.revoke("imp_1"), 401)
	if got := p.token(); got != p.bearer {
		t.Errorf("got token %s, want the same as before, %s", got, p.bearer)
	}
	wantStatus(t, p.revoke("imp_1"), 200)
}

func TestFollowedRedirectIsNoted(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{Fault: iamporttest.Redirect}}})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	p.client.CheckRedirect = nil
	got := p.revoke("imp_1")
	wantStatus(t, got, 200) // a trap: it looks like success
	stats := p.Stats()
	if stats.LeakedTokens != 1 || stats.Total(iamporttest.OpRedirected) != 1 || p.truth("imp_1").Revoked() {
		t.Errorf("got %+v, want one call that followed, with a token, and nothing revoked", stats)
	}
}

func TestFaultsOfLookups(t *testing.T) {
	t.Parallel()
	for _, fault := range []iamporttest.Fault{iamporttest.CutAfter, iamporttest.CutBody, iamporttest.GatewayFailed} {
		p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{Fault: fault, Lookup: true, Times: 1}}})
		p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
		p.client.Transport.(*http.Transport).DisableKeepAlives = true // else GETs are sent again, unasked
		if got := p.lookup("imp_1"); got.err == nil && got.status == 200 {
			t.Errorf("%s: got %d %s, want the fault", fault, got.status, got.text)
		}
		wantStatus(t, p.lookup("imp_1"), 200)
		if truth := p.truth("imp_1"); truth.Revoked() || truth.Lookups != 2 {
			t.Errorf("%s: got %+v, want 2 lookups that revoked nothing", fault, truth)
		}
		wantStatus(t, p.revoke("imp_1"), 200)
	}
}
