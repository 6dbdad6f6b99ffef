package login_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"receiptrevoker/cmd/internal/monitor/login"
)

const password = "correct horse battery"

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// hash is that of the password, made once, and cheap one that is too cheap for use.
var (
	hash  = sync.OnceValues(func() (string, error) { return made(10) })
	cheap = sync.OnceValues(func() (string, error) { return made(bcrypt.MinCost) })
)

// made returns a hash of the password.
func made(cost int) (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	return string(hash), err
}

// cheapened returns users who are admitted as before, sooner.
func cheapened(t *testing.T, users login.Users) login.Users {
	t.Helper()
	hash, err := cheap()
	if err != nil {
		t.Fatal(err)
	}
	return users.Cheapened(hash)
}

// guarded admits whoever knows the password.
func guarded(t *testing.T) login.Access {
	t.Helper()
	made, err := hash()
	if err != nil {
		t.Fatal(err)
	}
	users, err := login.Password(made)
	if err != nil {
		t.Fatal(err)
	}
	return login.Access{Users: cheapened(t, users)}
}

// newSite returns a site that says "inside" behind a login with a password.
func newSite(t *testing.T, log io.Writer) (http.Handler, *clock) {
	t.Helper()
	return siteOf(guarded(t), log)
}

// siteOf returns a site that says who is inside behind a login.
func siteOf(access login.Access, log io.Writer) (http.Handler, *clock) {
	clock := &clock{now: time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)}
	l := login.New(login.Config{
		Access: access, Now: clock.Now, Log: slog.New(slog.NewTextHandler(log, nil)),
		Unattended: func(r *http.Request) bool { return r.Header.Get("X-Refresh") != "" },
		Form: func(w http.ResponseWriter, _ *http.Request, status int, form login.Form) {
			w.WriteHeader(status)
			fmt.Fprintf(w, "form wrong=%t wait=%v", form.Wrong, form.Wait)
		},
	})
	guard := l.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := login.VisitorOf(r.Context())
		fmt.Fprint(w, strings.TrimSpace("inside "+v.Name+" "+string(v.Role)))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { guard.ServeHTTP(w, access.Arrived(r)) }), clock
}

// ask sends a request and returns the answer; change may be nil.
func ask(site http.Handler, method, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Accept", "text/html")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

func form(password string) string { return url.Values{login.Field: {password}}.Encode() }

func with(cookie *http.Cookie) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(cookie) }
}

// enter logs in and returns the session's cookie.
func enter(t *testing.T, site http.Handler, change func(*http.Request)) *http.Cookie {
	t.Helper()
	w := ask(site, "POST", login.Path, form(password), change)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" || len(cookies) != 1 {
		t.Fatalf("logging in: %d %s %q, cookies %v", w.Code, w.Header().Get("Location"), w.Body, cookies)
	}
	return cookies[0]
}

func TestOnlyThoseLoggedInSeeTheSite(t *testing.T) {
	t.Parallel()
	site, _ := newSite(t, io.Discard)
	if w := ask(site, "GET", "/", "", nil); w.Code != http.StatusSeeOther || w.Header().Get("Location") != login.Path {
		t.Errorf("a browser: %d to %q, want the form", w.Code, w.Header().Get("Location"))
	}
	script := func(r *http.Request) { r.Header.Set("Accept", "application/json") }
	if w := ask(site, "GET", "/asynq/api/queues", "", script); w.Code != http.StatusUnauthorized {
		t.Errorf("a script: %d, want 401", w.Code)
	}
	if w := ask(site, "DELETE", "/asynq/api/queues/receipts", "", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("a change: %d, want 401", w.Code)
	}
	cookie := enter(t, site, nil)
	if w := ask(site, "GET", "/", "", with(cookie)); w.Body.String() != "inside  act" {
		t.Errorf("logged in: %d %s", w.Code, w.Body)
	}
	if w := ask(site, "GET", login.Path, "", with(cookie)); w.Header().Get("Location") != "/" {
		t.Errorf("the form for somebody logged in: %d %s", w.Code, w.Body)
	}
	forged := *cookie
	forged.Value = "A" + cookie.Value[1:]
	if forged.Value == cookie.Value {
		forged.Value = "B" + cookie.Value[1:]
	}
	for name, c := range map[string]*http.Cookie{"forged": &forged, "empty": {Name: cookie.Name}} {
		if w := ask(site, "GET", "/", "", with(c)); w.Code != http.StatusSeeOther {
			t.Errorf("a %s cookie: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestCookieCannotBeReadOrSentElsewhere(t *testing.T) {
	t.Parallel()
	site, _ := newSite(t, io.Discard)
	plain := enter(t, site, nil)
	if !plain.HttpOnly || plain.SameSite != http.SameSiteStrictMode || plain.Secure || plain.Path != "/" ||
		plain.MaxAge != int(login.Lifetime.Seconds()) || len(plain.Value) < 26 {
		t.Errorf("by HTTP: %v", plain)
	}
	access := guarded(t)
	access.PublicURL = &url.URL{Scheme: "https", Host: "revoker.example.com"}
	public, _ := siteOf(access, io.Discard)
	secure := enter(t, public, nil)
	if !secure.Secure || secure.Name != "__Host-revoker_session" || secure.Path != "/" || secure.Domain != "" {
		t.Errorf("by HTTPS: %v", secure)
	}
	if plain.Value == secure.Value {
		t.Error("two sessions have one cookie")
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	site, clock := newSite(t, io.Discard)
	leaving, staying := enter(t, site, nil), enter(t, site, nil)
	w := ask(site, "POST", login.OutPath, "", with(leaving))
	if cookies := w.Result().Cookies(); w.Code != http.StatusSeeOther || len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("logging out: %d, cookies %v", w.Code, cookies)
	}
	if w := ask(site, "GET", "/", "", with(leaving)); w.Code != http.StatusSeeOther {
		t.Errorf("the cookie still works after logging out: %d", w.Code)
	}
	for at := time.Duration(0); at < login.Lifetime-time.Hour; at += time.Hour {
		clock.Add(time.Hour)
		if w := ask(site, "GET", "/", "", with(staying)); w.Code != http.StatusOK {
			t.Errorf("after %v: %d", at+time.Hour, w.Code)
		}
	}
	clock.Add(time.Hour)
	if w := ask(site, "GET", "/", "", with(staying)); w.Code != http.StatusSeeOther {
		t.Errorf("after its end: %d", w.Code)
	}
}

func TestGuessingIsThrottled(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	site, clock := newSite(t, &log)
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = address }
	}
	for i := range 5 {
		w := ask(site, "POST", login.Path, form(fmt.Sprint("guess ", i)), from(fmt.Sprintf("192.0.2.1:%d", 1000+i)))
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "wrong=true") {
			t.Fatalf("guess %d: %d %s", i, w.Code, w.Body)
		}
	}
	w := ask(site, "POST", login.Path, form(password), from("192.0.2.1:2000"))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "11" {
		t.Errorf("the sixth: %d, Retry-After %s; want 429 though it is right", w.Code, w.Header().Get("Retry-After"))
	}
	enter(t, site, from("192.0.2.2:1"))
	clock.Add(10 * time.Second)
	enter(t, site, from("192.0.2.1:2001"))
	enter(t, site, from("192.0.2.1:2002")) // the right one cost no try
	for i := range 6 {                     // one customer has a whole /64
		w := ask(site, "POST", login.Path, form("guess"), from(fmt.Sprintf("[2001:db8::%d]:1", i+1)))
		if throttled := w.Code == http.StatusTooManyRequests; throttled != (i == 5) {
			t.Errorf("guess %d from a /64: %d", i+1, w.Code)
		}
	}
	if !strings.Contains(log.String(), "192.0.2.1:1000") || strings.Contains(log.String(), "guess 0") {
		t.Errorf("the log must name addresses and no passwords:\n%s", &log)
	}
}

func TestFormsAreBounded(t *testing.T) {
	t.Parallel()
	site, _ := newSite(t, io.Discard)
	if w := ask(site, "POST", login.Path, form(strings.Repeat("x", 5<<10)), nil); w.Code != http.StatusBadRequest {
		t.Errorf("5 KiB: %d, want 400", w.Code)
	}
	if w := ask(site, "POST", login.Path, form(password+strings.Repeat("x", 72)), nil); w.Code != http.StatusForbidden {
		t.Errorf("beyond what bcrypt looks at: %d, want 403", w.Code)
	}
}

func TestHashes(t *testing.T) {
	t.Parallel()
	hash, err := login.Hash(password)
	if err != nil || bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) != nil {
		t.Errorf("%q, %v does not fit its password", hash, err)
	}
	for name, bad := range map[string]string{"short": "12345678901", "long": strings.Repeat("x", 73)} {
		if _, err := login.Hash(bad); err == nil || strings.Contains(err.Error(), bad) {
			t.Errorf("a password too %s: %v", name, err)
		}
	}
}
