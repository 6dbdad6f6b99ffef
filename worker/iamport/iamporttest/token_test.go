package iamporttest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"receiptrevoker/worker/iamport/iamporttest"
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	steps := []struct {
		name  string
		after time.Duration // since the first token
		fresh bool          // a token that was not seen before
		left  time.Duration // how long it lives
	}{
		{"first", 0, true, 30 * time.Minute},
		{"asked again at once", 0, false, 30 * time.Minute},
		{"five minutes early", 25 * time.Minute, false, 5 * time.Minute},
		{"61 seconds early", 30*time.Minute - 61*time.Second, false, 61 * time.Second},
		{"60 seconds early", 30*time.Minute - 60*time.Second, false, 6 * time.Minute},
		{"just extended", 30*time.Minute - 59*time.Second, false, 5*time.Minute + 59*time.Second},
		{"extended again", 35*time.Minute - time.Second, false, 5*time.Minute + time.Second},
		{"expired", 40 * time.Minute, true, 30 * time.Minute},
	}
	clock := newClock()
	began := clock.Now()
	p := start(t, iamporttest.Config{Now: clock.Now})
	last := ""
	for _, step := range steps {
		clock.add(began.Add(step.after).Sub(clock.Now()))
		got := p.call(t.Context(), "POST", "/users/getToken",
			`{"imp_key":"imp_apikey","imp_secret":"simulator-secret"}`)
		wantStatus(t, got, 200)
		token := got.body.Response["access_token"].(string)
		if fresh := token != last && step.after > 0; last != "" && fresh != step.fresh {
			t.Errorf("%s: got a fresh token %t, want %t", step.name, fresh, step.fresh)
		}
		now, expires := got.body.Response["now"].(float64), got.body.Response["expired_at"].(float64)
		if int64(now) != clock.Now().Unix() {
			t.Errorf("%s: got now %v, want %d", step.name, now, clock.Now().Unix())
		}
		if left := time.Duration(expires-now) * time.Second; left != step.left {
			t.Errorf("%s: got %v left, want %v", step.name, left, step.left)
		}
		last = token
	}
	if got := p.Stats().Tokens; got != 2 {
		t.Errorf("got %d tokens issued, want 2", got)
	}
}

func TestTokenIsNeeded(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := start(t, iamporttest.Config{Now: clock.Now, TokenLifetime: 2 * time.Minute})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	valid := p.bearer

	for name, bearer := range map[string]string{"missing": "", "invalid": valid + "0"} {
		p.bearer = bearer
		if got := p.revoke("imp_1"); got.status != 401 || *got.body.Code == 0 {
			t.Errorf("%s: got %d %s, want 401 in an envelope", name, got.status, got.text)
		}
		wantStatus(t, p.lookup("imp_1"), 401)
	}
	p.bearer = valid
	clock.add(2*time.Minute - time.Second)
	wantStatus(t, p.lookup("imp_1"), 200)
	clock.add(time.Second)
	wantStatus(t, p.revoke("imp_1"), 401)

	truth := p.truth("imp_1")
	if truth.Revoked() || truth.Deletes != 3 || truth.Lookups != 3 {
		t.Errorf("got %+v, want not revoked, 3 deletes, 3 lookups", truth)
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	form := func(key, secret string) string { return url.Values{"imp_key": {key}, "imp_secret": {secret}}.Encode() }
	const asForm = "application/x-www-form-urlencoded"
	tests := []struct {
		name, contentType, body string
		want                    int
	}{
		{"JSON", "application/json", `{"imp_key":"k","imp_secret":"s"}`, 200},
		{"JSON without a type", "", `{"imp_key":"k","imp_secret":"s"}`, 200},
		{"form", asForm, form("k", "s"), 200},
		{"form with a character set", asForm + "; charset=utf-8", form("k", "s"), 200},
		{"wrong key", asForm, form("x", "s"), 401},
		{"wrong secret", "application/json", `{"imp_key":"k","imp_secret":"x"}`, 401},
		{"no secret", "application/json", `{"imp_key":"k"}`, 401},
		{"the defaults, which were replaced", asForm, form(iamporttest.DefaultKey, iamporttest.DefaultSecret), 401},
		{"unreadable", "application/json", `{"imp_key":`, 400},
	}
	server := iamporttest.New(iamporttest.Config{Key: "k", Secret: "s"})
	for _, test := range tests {
		r := httptest.NewRequest(http.MethodPost, "/users/getToken", strings.NewReader(test.body))
		r.Header.Set("Content-Type", test.contentType)
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != test.want {
			t.Errorf("%s: got %d, want %d: %s", test.name, w.Code, test.want, w.Body)
		}
	}
}

func TestFaultsOfTokenCallsAreTheirsAlone(t *testing.T) {
	t.Parallel()
	const secret = `{"imp_key":"imp_apikey","imp_secret":"simulator-secret"}`
	p := start(t, iamporttest.Config{})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	p.bearer = p.token()
	rule := iamporttest.Rule{Fault: iamporttest.GatewayFailed, Percent: 50, Token: true}
	p.Inject(rule)
	count := make(map[int]int)
	for range 100 {
		count[p.call(t.Context(), "POST", "/users/getToken", secret).status]++
	}
	if count[200] < 30 || count[500] < 30 || count[200]+count[500] != 100 {
		t.Errorf("got %v, want about half of each", count)
	}
	wantStatus(t, p.revoke("imp_1"), http.StatusOK)
	if !p.Lift(rule) {
		t.Error("the rule is not in force")
	}
	if p.token() != p.bearer {
		t.Error("got another token")
	}
}
