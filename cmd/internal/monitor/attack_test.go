package monitor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/cmd/internal/monitor/login"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// A loopback Host is no proof that a person of this machine asks: a proxy of this machine sends one
// for everybody, and another user of it has one, too.
func TestLoopbackSiteNeedsItsToken(t *testing.T) {
	t.Parallel()
	site := bareSite(t, redistest.Embedded(t), monitor.Config{Access: login.Access{Token: token}})
	bearer := []string{"Authorization", "Bearer " + token}
	for _, path := range []string{"/", "/asynq/", "/asynq/api/queues", "/?q=imp_1", "/nowhere", "/login"} {
		for name, headers := range map[string][]string{
			"no token": nil, "another": {"Authorization", "Bearer " + token + "x"}, "a part": {"Authorization", "Bearer a"},
			"empty": {"Authorization", "Bearer "}, "a cookie": {"Cookie", "revoker_session=" + token},
		} {
			if w := ask(site, "GET", path, headers...); w.Code != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d", path, name, w.Code)
			}
		}
		for name, headers := range map[string][]string{
			"nginx": {"X-Forwarded-For", "203.0.113.9", "Via", "1.1 nginx"}, "Forwarded": {"Forwarded", "for=203.0.113.9"},
			"X-Real-IP": {"X-Real-IP", "127.0.0.1"}, "X-Forwarded-Proto": {"X-Forwarded-Proto", "https"}, "Via": {"Via", "1.1 x"},
			"rebound": {"Host", "evil.example:8980"},
		} {
			if w := ask(site, "GET", path, append(headers, bearer...)...); w.Code != http.StatusForbidden {
				t.Errorf("%s, %s with the token: %d", path, name, w.Code)
			}
		}
	}
	contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "ko")), "토큰", "lang=en")
	if w := ask(site, "GET", "/?token="+token, "Accept", "application/json"); w.Code != http.StatusOK || len(w.Result().Cookies()) != 0 {
		t.Errorf("a script: %d", w.Code)
	}
	if w := ask(site, "POST", pausePath, append(bearer, "Origin", sameOrigin)...); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a change: %d", w.Code)
	}
}

// A browser that opens the printed URL gets a cookie for the token, which leaves the address bar.
func TestTokenIsExchangedForACookie(t *testing.T) {
	t.Parallel()
	site := bareSite(t, redistest.Embedded(t), monitor.Config{Access: login.Access{Token: token}})
	escaped := url.QueryEscape(token)
	w := ask(site, "GET", "/?q=imp_1&token="+escaped)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/?q=imp_1" || len(cookies) != 1 {
		t.Fatalf("%d to %q, cookies %v", w.Code, w.Header().Get("Location"), cookies)
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || strings.Contains(c.Value, token) {
		t.Errorf("the cookie: %v", c)
	}
	body := read(t, ask(site, "GET", "/", "Cookie", cookies[0].Name+"="+cookies[0].Value))
	contains(t, body, "<h2>")
	if strings.Contains(body, escaped) {
		t.Error("the page has the token")
	}
	// The redirect stays on the site.
	for _, path := range []string{"//evil.example/", "/%2f/evil.example", "/\\evil.example", "/.//evil.example", "/%5cevil.example"} {
		w := ask(site, "GET", path+"?token="+escaped)
		to, err := url.Parse(w.Header().Get("Location"))
		if err != nil || to.Host != "" || strings.HasPrefix(w.Header().Get("Location"), "//") {
			t.Errorf("%s leads to %q", path, w.Header().Get("Location"))
		}
	}
}

// --public-url decides about the origin of changes, HTTPS and all cookies.
func TestPublicURLDecides(t *testing.T) {
	t.Parallel()
	access := guarded(t)
	access.PublicURL = &url.URL{Scheme: "https", Host: "revoker.example.com"}
	client := redistest.Embedded(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
	site := bareSite(t, client, monitor.Config{Access: access, AllowActions: true})
	const origin = "https://revoker.example.com"
	send := func(path, body string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "http://10.0.0.7:8980"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w
	}
	w := send("/login", "password="+url.QueryEscape(password), "Origin", origin)
	if len(w.Result().Cookies()) != 1 {
		t.Fatalf("logging in: %d %s", w.Code, w.Body)
	}
	cookie := w.Result().Cookies()[0]
	for name, headers := range map[string][]string{
		"by HTTP":              {"Origin", "http://revoker.example.com"},
		"its own Host":         {"Origin", "http://10.0.0.7:8980"},
		"another port":         {"Origin", origin + ":8443"},
		"a sibling":            {"Origin", "https://other.example.com"},
		"another's, same-site": {"Origin", "https://other.example.com", "Sec-Fetch-Site", "same-origin"},
		"null":                 {"Origin", "null"},
		"nothing":              nil,
	} {
		w := send(pausePath, "", append(headers, "Cookie", cookie.Name+"="+cookie.Value)...)
		if w.Code != http.StatusForbidden || client.Exists(t.Context(), "asynq:{receipts-kcp}:paused").Val() != 0 {
			t.Errorf("%s: %d", name, w.Code)
		}
		if w.Header().Get("Strict-Transport-Security") != "max-age=31536000" {
			t.Errorf("%s: no HSTS", name)
		}
	}
	if w := send(pausePath, "", "Origin", origin, "Cookie", cookie.Name+"="+cookie.Value); w.Code >= 300 {
		t.Errorf("the site itself: %d %s", w.Code, w.Body)
	}
	if c := ask(site, "GET", "/login?lang=ko").Result().Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("the cookie of the language: %v", c)
	}
	plain := newSite(t, client, monitor.Config{Access: guarded(t)})
	if h := ask(plain, "GET", "/", "X-Forwarded-Proto", "https").Header(); h.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without a public URL")
	}
}

// Who may look sees a web UI without buttons, and changes nothing on a site that allows actions.
func TestThoseWhoLookChangeNothing(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	one := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
	if _, err := outcome.NewStore(client, outcome.Config{}).Ask(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	enqueue(t, client, one)
	users, err := login.ParseUsers("kim::act\nlee::look\n")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	site := bareSite(t, client, monitor.Config{AllowActions: true, Log: textLog(&log), Access: login.Access{
		Users: users, Header: "Remote-User", Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
	}})
	post := func(user string) *httptest.ResponseRecorder {
		return ask(site, "POST", pausePath, "Remote-User", user, "Origin", sameOrigin, "X-Forwarded-For", "203.0.113.5")
	}
	if w := post("lee"); w.Code != http.StatusMethodNotAllowed || !strings.Contains(w.Body.String(), "your role is look") {
		t.Errorf("lee: %d %s", w.Code, w.Body)
	}
	if w := post("choi"); w.Code != http.StatusUnauthorized {
		t.Errorf("an unknown user: %d", w.Code)
	}
	if client.Exists(t.Context(), "asynq:{receipts-kcp}:paused").Val() != 0 {
		t.Error("the queue is paused")
	}
	if w := post("kim"); w.Code >= 300 || client.Exists(t.Context(), "asynq:{receipts-kcp}:paused").Val() != 1 {
		t.Errorf("kim: %d %s", w.Code, w.Body)
	}
	contains(t, log.String(), "user=kim", "remote=203.0.113.5")
	// Nor do those cancel anything who only ask, with the body of a deletion.
	r := httptest.NewRequest("GET", sameOrigin+"/asynq/api/queues/receipts-kcp/pending_tasks:batch_delete",
		strings.NewReader(`{"task_ids":["revoke:imp_1"]}`))
	r.Header.Set("Remote-User", "lee")
	site.ServeHTTP(httptest.NewRecorder(), r)
	if client.HExists(t.Context(), "{receipt}:request:imp_1", "withdrawn").Val() {
		t.Error("a GET has cancelled a request")
	}
	page := func(user string) string { return read(t, ask(site, "GET", "/asynq/", "Remote-User", user)) }
	if page("lee") == page("kim") {
		t.Error("both see the same buttons")
	}
}

// hostile makes requests of an attacker: methods, tricks in paths, headers and bodies, at random.
type hostile struct{ *rand.Rand }

func (h hostile) of(texts ...string) string { return texts[h.IntN(len(texts))] }

// path returns the path and query of a request.
func (h hostile) path() string {
	path := h.of("/", "/login", "/logout", "/asynq", "/asynq/", "/asynq/api/queues", "/healthz", "/style.css", "/asynq/manifest.json",
		"/asynq/api/queues/receipts-kcp", pausePath, "/asynq/api/queues/receipts-kcp/pending_tasks", "/asynq/api/servers",
		"/asynq/api/queues/receipts-kcp/pending_tasks/revoke:imp_1", "/asynq/api/queues/receipts-kcp/pending_tasks:delete_all",
		"/asynq/api/queues/receipts-kcp/pending_tasks:batch_delete", "/asynq/api/queues/nowhere/retry_tasks:batch_archive",
		"/asynq/api/queues/nowhere", "/asynq/api/queues/receipts-kcp/tasks/nothing", "/asynq/api/queues/nowhere/retry_tasks:run_all",
		"/asynq/api/redis_info", "/asynq/api/metrics", "/asynq/api/queue_stats", "/asynq/api/queues/receipts-kcp/groups",
		"/asynq/api/queues/receipts-kcp/groups/x/aggregating_tasks", "/asynq/api/queues/receipts-kcp/archived_tasks/x:run",
		"/asynq/api/scheduler_entries", "/asynq/api/scheduler_entries/x/enqueue_events", "/asynq/static/js/../../api/queues",
		"/asynq/queues/receipts-kcp/tasks/x", "/asynq/api/queues/receipts-kcp/completed_tasks:delete_all", "/nowhere", "*")
	for range h.IntN(3) {
		at := h.IntN(len(path) + 1)
		path = path[:at] + h.of("//", "/./", "/../", "%2f", "%2e%2e/", "\\", ";", "%00", "%", "?", "#", "%ff", "A", "..;/", "%0d%0a", ":",
			"\xff", "한", "%252f") + path[at:]
	}
	return path + h.of("", "", "?q=imp_1", "?q=%ff%00", "?lang=ko", "?lang=%0d%0aX:1", "?size=-1", "?size=1&page=-9", "?size=201",
		"?size=99999999999999999999", "?page=9223372036854775807&size=200", "?token=", "?token=x&token=y", "?q="+strings.Repeat("x", 5000),
		"?duration=x&endtime=-1&queues=%00", "?%zz", ";a=b")
}

// headers sets what an attacker may try to be believed by.
func (h hostile) headers(r *http.Request) {
	for range h.IntN(5) {
		name := h.of("Origin", "Sec-Fetch-Site", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via",
			"X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "Accept", "Accept-Language", "Cookie", "Authorization",
			"Content-Type", "Range", "If-Modified-Since", "Remote-User", "X-Forwarded-User", "Upgrade", "X-Refresh", "Expect")
		r.Header.Add(name, h.of("", "*", "null", "https", "same-origin", "cross-site", "127.0.0.1", "text/html", sameOrigin, "/asynq/api/queues",
			"DELETE", "kim", "Bearer ", "Basic a2ltOg==", "revoker_session=", "revoker_session=x; revoker_session=y", "bytes=0-1,-5",
			"multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "websocket", strings.Repeat(",", 999), "ko;q=x", "\xff"))
	}
}

// request returns one that a server could have read, or nil if the URL is none.
func (h hostile) request() *http.Request {
	method := h.of("GET", "GET", "GET", "HEAD", "POST", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "CONNECT", "TRACE", "PROPFIND", "get")
	target := h.path()
	parsed, err := url.ParseRequestURI(target)
	if err != nil {
		return nil
	}
	body := h.of("", "", "password=", "password=%zz", "username=kim&password=x", `{"task_ids":["revoke:imp_1"]}`, `{"task_ids":`, `[]`, `{}`,
		`{"task_ids":[1]}`, "\x00\xff", strings.Repeat("x", 300<<10))
	r := httptest.NewRequest("GET", "http://127.0.0.1:8980/", strings.NewReader(body))
	r.Method, r.URL, r.RequestURI = method, parsed, target
	r.Host = h.of("127.0.0.1:8980", "127.0.0.1:8980", "localhost", "evil.example", "", "127.0.0.1:x", "[::1", "revoker.example.com")
	r.RemoteAddr = h.of("192.0.2.1:1", "10.0.0.1:80", "[2001:db8::1]:1", "@", "", "127.0.0.1:9")
	h.headers(r)
	return r
}

// open are the paths that whoever knows nothing may see.
var open = map[string]bool{
	"/healthz": true, "/style.css": true, "/refresh.js": true, "/icon.svg": true, "/login": true, "/asynq/manifest.json": true,
}

// Whatever is sent, a stranger is shown nothing, and neither a stranger nor a user brings about an error
// of the server.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_veiled", PG: "veiled"})
	guard := guarded(t)
	guard.Header, guard.Proxies = "Remote-User", []netip.Prefix{netip.MustParsePrefix("10.7.0.0/16")}
	guard.PublicURL = &url.URL{Scheme: "https", Host: "revoker.example.com"}
	acting := bareSite(t, client, monitor.Config{Access: guarded(t), AllowActions: true})
	cookie := logIn(t, acting)
	sites := map[string]struct {
		site  http.Handler
		knows string // what the sender has to show
	}{
		"password": {site: bareSite(t, client, monitor.Config{Access: guard, AllowActions: true})},
		"token":    {site: bareSite(t, client, monitor.Config{Access: login.Access{Token: token}})},
		"user":     {site: acting, knows: cookie},
	}
	const seed = 20261128
	random, sent, statuses := hostile{rand.New(rand.NewPCG(seed, 0))}, 0, make(map[int]int)
	for range scale.Of(4000, 400_000) {
		r := random.request()
		if r == nil {
			continue
		}
		for name, s := range sites {
			// The user stays logged in, or would soon be a stranger.
			if s.knows != "" && r.URL.Path == login.OutPath {
				continue
			}
			sent++
			r := r.Clone(context.Background())
			if s.knows != "" {
				r.Header.Set("Cookie", s.knows)
				r.Header.Set("Origin", "http://"+r.Host)
			}
			w := httptest.NewRecorder()
			s.site.ServeHTTP(w, r)
			statuses[w.Code]++
			what := fmt.Sprintf("%s: %s %q, Host %q, from %q, %v: %d %.200s", name, r.Method, r.RequestURI, r.Host, r.RemoteAddr, r.Header, w.Code, w.Body)
			if w.Code >= 500 {
				t.Error(what)
			}
			if s.knows == "" && w.Code == http.StatusOK && !open[r.URL.Path] || s.knows == "" && strings.Contains(w.Body.String(), "veiled") {
				t.Error("shown to a stranger: " + what)
			}
			if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "://") {
				t.Errorf("leads to %q: %s", to, what)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	summary, _ := json.Marshal(statuses)
	t.Logf("%d requests by seed %d, by status: %s", sent, seed, summary)
}

// What no client of net/http can send, a connection can.
func TestHostileBytes(t *testing.T) {
	t.Parallel()
	site := httptest.NewServer(bareSite(t, redistest.Embedded(t), monitor.Config{Access: login.Access{Token: token}}))
	t.Cleanup(site.Close)
	address := strings.TrimPrefix(site.URL, "http://")
	for _, request := range []string{
		"GET / HTTP/1.0\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
		"GET http://127.0.0.1/asynq/api/queues HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET /asynq/api/queues HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + strings.Repeat("X: x\r\n", 1000) + "\r\n",
	} {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(connection, request)
		// What comes until the server closes, or waits for more.
		buffer := make([]byte, 512)
		n, _ := connection.Read(buffer)
		connection.Close()
		status := string(buffer[:n])
		if strings.HasPrefix(status, "HTTP/1.") && (status[9] == '5' || status[9:12] == "200" && !strings.HasPrefix(request, "OPTIONS *")) {
			t.Errorf("%.80q: %.200s", request, status)
		}
	}
}
