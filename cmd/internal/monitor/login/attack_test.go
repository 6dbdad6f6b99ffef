package login_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"receiptrevoker/cmd/internal/monitor/login"
)

// proxied is access by way of the proxies of 10.0.0.0/8.
func proxied(t *testing.T) login.Access {
	access := guarded(t)
	access.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	return access
}

// by sends a request from an address, with headers as pairs of names and values.
func by(remote string, headers ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.RemoteAddr = remote
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
}

// One who guesses keeps nobody else out who comes by the same proxy, and gets no further tries by
// naming addresses that they do not have.
func TestGuesserBehindAProxyIsAlone(t *testing.T) {
	t.Parallel()
	site, _ := siteOf(proxied(t), io.Discard)
	for i := range 8 {
		// The attacker writes what stands first; the proxy appends the address that called it.
		forged := fmt.Sprintf("198.51.100.%d, 203.0.113.9", i)
		w := ask(site, "POST", login.Path, form("guess"), by("10.1.1.1:1", "X-Forwarded-For", forged))
		want := http.StatusForbidden
		if i >= 5 {
			want = http.StatusTooManyRequests
		}
		if w.Code != want {
			t.Errorf("guess %d: %d, want %d", i, w.Code, want)
		}
	}
	enter(t, site, by("10.1.1.1:1", "X-Forwarded-For", "203.0.113.10"))
	enter(t, site, by("10.1.1.1:1", "X-Forwarded-For", "203.0.113.11, 10.2.2.2"))
	enter(t, site, by("10.1.1.1:1", "X-Forwarded-For", "203.0.113.12:5000, [::ffff:10.2.2.2]:80"))
	if w := ask(site, "POST", login.Path, form(password), by("203.0.113.9:1")); w.Code != http.StatusTooManyRequests {
		t.Errorf("the guesser past the proxy: %d", w.Code)
	}
	// One past the proxy is not believed to be another.
	for i := range 6 {
		w := ask(site, "POST", login.Path, form("guess"), by("203.0.113.20:1", "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i)))
		if throttled := w.Code == http.StatusTooManyRequests; throttled != (i == 5) {
			t.Errorf("guess %d past the proxy: %d", i, w.Code)
		}
	}
	// What cannot be read is the proxy's own address.
	for i, forged := range []string{"203.0.113.9, garbage", "", ",", "1.2.3.4,", "garbage"} {
		if w := ask(site, "POST", login.Path, form("guess"), by("10.9.9.9:1", "X-Forwarded-For", forged)); w.Code != http.StatusForbidden {
			t.Errorf("guess %d, %q: %d", i, forged, w.Code)
		}
	}
	if w := ask(site, "POST", login.Path, form("guess"), by("10.9.9.9:1")); w.Code != http.StatusTooManyRequests {
		t.Errorf("after five of the proxy: %d", w.Code)
	}
}

// Many passwords at once from one address delay those of others by one comparison.
func TestCrowdOfOneAddressKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	site, _ := newSite(t, io.Discard)
	const crowd = 40
	var sent, answered sync.WaitGroup
	var mu sync.Mutex
	codes := make(map[int]int)
	sent.Add(crowd)
	for i := range crowd {
		answered.Go(func() {
			sent.Done()
			w := ask(site, "POST", login.Path, form("guess"), by(fmt.Sprintf("192.0.2.1:%d", i)))
			mu.Lock()
			defer mu.Unlock()
			codes[w.Code]++
		})
	}
	sent.Wait()
	enter(t, site, by("192.0.2.2:1"))
	answered.Wait()
	if codes[http.StatusForbidden] != 5 || codes[http.StatusTooManyRequests] != crowd-5 {
		t.Errorf("answers by status: %v, want 5 times 403, else 429", codes)
	}
}

// More networks than are remembered do not lock a new one out.
func TestCrowdOfNetworksLocksNobodyOut(t *testing.T) {
	t.Parallel()
	access := guarded(t)
	site, _ := siteOf(access, io.Discard)
	for i := range login.MostAddresses + 10 {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", login.Path, strings.NewReader(form("")))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = fmt.Sprintf("[2001:db8:%x::1]:1", i)
		if site.ServeHTTP(w, r); w.Code != http.StatusForbidden {
			t.Fatalf("network %d: %d", i, w.Code)
		}
	}
	enter(t, site, by("[2001:db8:ffff::1]:1"))
}

func TestHashesThatAreCheapOrOfNothingAreRefused(t *testing.T) {
	t.Parallel()
	made := func(password string, cost int) string {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
		if err != nil {
			t.Fatal(err)
		}
		return string(hash)
	}
	for name, bad := range map[string]string{
		"empty": made("", 10), "cost 4": made(password, 4), "cost 9": made(password, 9), "empty at cost 4": made("", 4),
		"none": "hunter2", "cut": made(password, 10)[:50], "cost 31": "$2a$31$" + strings.Repeat("x", 53),
	} {
		if _, err := login.Password(bad); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := login.ParseUsers("kim:" + bad + ":act\n"); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("%s in a file: %v", name, err)
		}
	}
	site, _ := newSite(t, io.Discard)
	for name, body := range map[string]string{"empty": form(""), "missing": "a=b"} {
		if w := ask(site, "POST", login.Path, body, nil); w.Code != http.StatusForbidden {
			t.Errorf("a password that is %s: %d", name, w.Code)
		}
	}
}

// A cookie that was stolen is of no use after its owner has logged in again, or has left.
func TestStolenSessionEnds(t *testing.T) {
	t.Parallel()
	site, clock := newSite(t, io.Discard)
	stolen := enter(t, site, nil)
	other := enter(t, site, nil)
	again := enter(t, site, with(stolen))
	for name, c := range map[string]struct {
		cookie *http.Cookie
		want   int
	}{
		"the old one": {stolen, http.StatusSeeOther}, "the new one": {again, http.StatusOK}, "another machine's": {other, http.StatusOK},
	} {
		if w := ask(site, "GET", "/", "", with(c.cookie)); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	// A page that renews itself does not keep the session alive; a person does.
	renewed := func(r *http.Request) { with(again)(r); r.Header.Set("X-Refresh", "1") }
	for range 3 {
		clock.Add(login.Idle/4 + time.Second)
		if w := ask(site, "GET", "/", "", renewed); w.Code != http.StatusOK {
			t.Fatalf("renewed: %d", w.Code)
		}
		ask(site, "GET", "/", "", with(other))
	}
	clock.Add(login.Idle / 4)
	if w := ask(site, "GET", "/", "", with(again)); w.Code != http.StatusSeeOther {
		t.Errorf("after two idle hours: %d", w.Code)
	}
	if w := ask(site, "GET", "/", "", with(other)); w.Code != http.StatusOK {
		t.Errorf("one that was used: %d", w.Code)
	}
}

// A request says nothing about itself that decides about the cookie.
func TestForgedSchemeDoesNotDecideAboutCookies(t *testing.T) {
	t.Parallel()
	access := proxied(t)
	plain, _ := siteOf(access, io.Discard)
	access.PublicURL = &url.URL{Scheme: "https", Host: "revoker.example.com"}
	public, _ := siteOf(access, io.Discard)
	for i, headers := range [][]string{
		nil,
		{"X-Forwarded-Proto", "https"},
		{"X-Forwarded-Proto", "HTTPS"},
		{"X-Forwarded-Proto", "https,http"},
		{"X-Forwarded-Proto", "http"},
		{"Forwarded", "proto=https"},
		{"X-Forwarded-Ssl", "on"},
	} {
		from := by(fmt.Sprintf("192.0.2.%d:1", i), headers...)
		if c := enter(t, plain, from); c.Secure || c.Name != "revoker_session" {
			t.Errorf("%v without a public URL: %v", headers, c)
		}
		c := enter(t, public, from)
		if !c.Secure || !strings.HasPrefix(c.Name, "__Host-") || c.Path != "/" || c.Domain != "" {
			t.Errorf("%v: %v", headers, c)
		}
		// A cookie of the plain name, which a sibling domain can plant, is none.
		bare := *c
		bare.Name = "revoker_session"
		if w := ask(public, "GET", "/", "", with(&bare)); w.Code != http.StatusSeeOther {
			t.Errorf("a cookie without the prefix: %d", w.Code)
		}
	}
}

func TestPlantedCookieLocksNobodyOut(t *testing.T) {
	t.Parallel()
	site, _ := newSite(t, io.Discard)
	cookie := enter(t, site, nil)
	planted := func(r *http.Request) { r.Header.Set("Cookie", cookie.Name+"=planted; "+cookie.String()) }
	if w := ask(site, "GET", "/", "", planted); w.Code != http.StatusOK {
		t.Errorf("behind a planted cookie: %d", w.Code)
	}
}

// users are two people with passwords, and one whom only the proxy admits.
func users(t *testing.T) login.Users {
	t.Helper()
	made, err := hash()
	if err != nil {
		t.Fatal(err)
	}
	users, err := login.ParseUsers("\ufeff# who may\n\nkim:" + made + ":act\r\nlee:" + made + ":look\npark@example.com::act\n")
	if err != nil {
		t.Fatal(err)
	}
	return cheapened(t, users)
}

func enterAs(t *testing.T, site http.Handler, name, password string) (*httptest.ResponseRecorder, []*http.Cookie) {
	t.Helper()
	body := url.Values{login.NameField: {name}, login.Field: {password}}.Encode()
	w := ask(site, "POST", login.Path, body, by("192.0.2.7:1"))
	return w, w.Result().Cookies()
}

func TestUsersHaveTheirOwnRoles(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	site, _ := siteOf(login.Access{Users: users(t)}, &log)
	for name, want := range map[string]string{"kim": "inside kim act", "lee": "inside lee look"} {
		w, cookies := enterAs(t, site, name, password)
		if len(cookies) != 1 {
			t.Fatalf("%s: %d %s", name, w.Code, w.Body)
		}
		if w := ask(site, "GET", "/", "", with(cookies[0])); w.Body.String() != want {
			t.Errorf("%s: %s, want %s", name, w.Body, want)
		}
	}
	// Who has no hash, no name or another's case has no password either; a password that was typed
	// as the name is not logged.
	for _, name := range []string{"park@example.com", "", "KIM", "kim ", "hunter2"} {
		for _, guess := range []string{password, ""} {
			if w, cookies := enterAs(t, site, name, guess); w.Code == http.StatusSeeOther || len(cookies) > 0 {
				t.Errorf("%q with %q: %d", name, guess, w.Code)
			}
		}
	}
	if strings.Contains(log.String(), "hunter2") || !strings.Contains(log.String(), "user=kim") {
		t.Errorf("the log:\n%s", &log)
	}
}

// The header counts only from a trusted proxy, once, and for names that are known.
func TestForgedUserHeaderAdmitsNobody(t *testing.T) {
	t.Parallel()
	access := proxied(t)
	access.Header, access.Users = "X-Forwarded-User", users(t)
	site, _ := siteOf(access, io.Discard)
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"the proxy":        {by("10.1.1.1:1", "X-Forwarded-User", "park@example.com"), "inside park@example.com act"},
		"of role look":     {by("10.1.1.1:1", "X-Forwarded-User", "lee", "X-Forwarded-For", "203.0.113.1"), "inside lee look"},
		"past the proxy":   {by("203.0.113.1:1", "X-Forwarded-User", "kim"), ""},
		"forged address":   {by("203.0.113.1:1", "X-Forwarded-User", "kim", "X-Forwarded-For", "10.1.1.1"), ""},
		"twice":            {by("10.1.1.1:1", "X-Forwarded-User", "kim", "X-Forwarded-User", "lee"), ""},
		"a list":           {by("10.1.1.1:1", "X-Forwarded-User", "kim, lee"), ""},
		"unknown":          {by("10.1.1.1:1", "X-Forwarded-User", "choi"), ""},
		"empty":            {by("10.1.1.1:1", "X-Forwarded-User", ""), ""},
		"another's header": {by("10.1.1.1:1", "Remote-User", "kim"), ""},
		"no address":       {by("@", "X-Forwarded-User", "kim"), ""},
	} {
		if w := ask(site, "GET", "/", "", c.change); (c.want == "") != (w.Code != http.StatusOK) || c.want != "" && w.Body.String() != c.want {
			t.Errorf("%s: %d %s, want %q", name, w.Code, w.Body, c.want)
		}
	}
	access.Users = nil
	anyone, _ := siteOf(access, io.Discard)
	if w := ask(anyone, "GET", "/", "", by("10.1.1.1:1", "X-Forwarded-User", "choi")); w.Body.String() != "inside choi look" {
		t.Errorf("where no users are named: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/", login.Path} {
		if w := ask(anyone, "GET", path, "", by("203.0.113.1:1")); w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a header: %d", path, w.Code)
		}
	}
}
