package monitor_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/cmd/internal/monitor/login"
	"receiptrevoker/tasks"
)

const (
	pausePath  = "/asynq/api/queues/receipts-kcp:pause"
	sameOrigin = "http://127.0.0.1:8980"
)

func TestOnlyLoopbackIsAnsweredWithoutPassword(t *testing.T) {
	t.Parallel()
	site := newSite(t, redistest.Embedded(t), monitor.Config{})
	for host, want := range map[string]int{
		"127.0.0.1:8980": http.StatusOK, "localhost:8980": http.StatusOK, "localhost": http.StatusOK,
		"[::1]:8980": http.StatusOK, "[::1]": http.StatusOK, "127.1.2.3": http.StatusOK,
		"evil.example:8980": http.StatusForbidden, "localhost.evil.example": http.StatusForbidden,
		"192.0.2.1": http.StatusForbidden, "": http.StatusForbidden,
	} {
		for _, path := range []string{"/", "/asynq/", "/asynq/api/queues"} {
			if w := ask(site, "GET", path, "Host", host); w.Code != want {
				t.Errorf("Host %q, %s: %d, want %d", host, path, w.Code, want)
			}
		}
	}
	guarded := newSite(t, redistest.Embedded(t), monitor.Config{Access: guarded(t)})
	if w := ask(guarded, "GET", "/", "Host", "monitor.example"); w.Code != http.StatusSeeOther {
		t.Errorf("behind a login, by a name: %d, want the login", w.Code)
	}
}

func TestNothingIsShownBeforeTheLogin(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_secret", PG: tasks.KCP})
	site := newSite(t, client, monitor.Config{Access: guarded(t)})
	for _, path := range []string{
		"/", "/?q=imp_secret", "/asynq", "/asynq/", "/asynq/queues/receipts-kcp", "/asynq/api/queues",
		"/asynq/api/queues/receipts-kcp/pending_tasks", "/asynq/api/redis_info", "/asynq/static/js/../../api/queues",
		"/nowhere",
	} {
		w := ask(site, "GET", path)
		if w.Code == http.StatusOK || strings.Contains(w.Body.String(), "receipts-kcp") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	for _, path := range []string{"/healthz", "/style.css", "/icon.svg", "/login"} {
		if w := ask(site, "GET", path); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	contains(t, read(t, ask(site, "GET", "/?q=imp_secret", "Cookie", logIn(t, site))), "imp_secret", "receipts-kcp")
}

func TestUnsafeMethodsAreRefused(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
	paused := func() bool { return client.Exists(t.Context(), "asynq:{receipts-kcp}:paused").Val() != 0 }

	showing := newSite(t, client, monitor.Config{Access: guarded(t)})
	cookie := logIn(t, showing)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		w := ask(showing, method, pausePath, "Cookie", cookie, "Origin", sameOrigin)
		if w.Code != http.StatusMethodNotAllowed || paused() {
			t.Errorf("%s where nothing may be changed: %d %s", method, w.Code, w.Body)
		}
	}

	acting := newSite(t, client, monitor.Config{Access: guarded(t), AllowActions: true})
	cookie = logIn(t, acting)
	for name, headers := range map[string][]string{
		"not logged in":       {"Origin", sameOrigin},
		"from another site":   {"Cookie", cookie, "Origin", "http://evil.example"},
		"from another port":   {"Cookie", cookie, "Origin", "http://127.0.0.1:1"},
		"from a sandbox":      {"Cookie", cookie, "Origin", "null"},
		"cross-site by fetch": {"Cookie", cookie, "Origin", sameOrigin, "Sec-Fetch-Site", "cross-site"},
		"same-site by fetch":  {"Cookie", cookie, "Origin", sameOrigin, "Sec-Fetch-Site", "same-site"},
		"from nowhere":        {"Cookie", cookie},
	} {
		w := ask(acting, "POST", pausePath, headers...)
		if w.Code != http.StatusForbidden && w.Code != http.StatusUnauthorized || paused() {
			t.Errorf("%s: %d, paused %t", name, w.Code, paused())
		}
	}
	if w := ask(acting, "POST", pausePath, "Cookie", cookie, "Origin", sameOrigin); w.Code >= 300 || !paused() {
		t.Errorf("a person who may: %d %s, paused %t", w.Code, w.Body, paused())
	}
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
	site := newSite(t, client, monitor.Config{Access: guarded(t), AllowActions: true})
	cookie := logIn(t, site)
	post := func(body string) int {
		const archive = sameOrigin + "/asynq/api/queues/receipts-kcp/pending_tasks:batch_archive"
		r := httptest.NewRequest("POST", archive, strings.NewReader(body))
		r.Header.Set("Cookie", cookie)
		r.Header.Set("Origin", sameOrigin)
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w.Code
	}
	if code := post(`{"task_ids":["` + strings.Repeat("x", 300<<10) + `","revoke:imp_1"]}`); code < 400 {
		t.Errorf("300 KiB: %d", code)
	}
	if archived := client.ZCard(t.Context(), "asynq:{receipts-kcp}:archived").Val(); archived != 0 {
		t.Error("the task is archived")
	}
	if code := post(`{"task_ids":["revoke:imp_1"]}`); code != http.StatusOK {
		t.Errorf("few bytes: %d", code)
	}
	if archived := client.ZCard(t.Context(), "asynq:{receipts-kcp}:archived").Val(); archived != 1 {
		t.Error("the task is not archived")
	}
}

func TestLoginFromAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	site := newSite(t, redistest.Embedded(t), monitor.Config{Access: guarded(t)})
	for _, path := range []string{"/login", "/logout"} {
		if w := ask(site, "POST", path, "Origin", "http://evil.example"); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", path, w.Code)
		}
	}
}

func TestActionsNeedAPassword(t *testing.T) {
	t.Parallel()
	unguarded := monitor.Config{Redis: redistest.Embedded(t), AllowActions: true, Access: login.Access{Token: token}}
	if _, err := monitor.New(unguarded); !errors.Is(err, monitor.ErrNobodyActs) {
		t.Errorf("with a token: %v", err)
	}
	if _, err := monitor.New(monitor.Config{Redis: redistest.Embedded(t)}); !errors.Is(err, monitor.ErrNobody) {
		t.Errorf("a config that admits nobody: %v", err)
	}
}

func TestHeadersKeepOthersOut(t *testing.T) {
	t.Parallel()
	site := newSite(t, redistest.Embedded(t), monitor.Config{})
	for _, path := range []string{"/", "/style.css", "/refresh.js", "/asynq/", "/asynq/api/queues", "/nowhere"} {
		h := ask(site, "GET", path).Header()
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, h.Get(name), want)
			}
		}
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: no %s in %q", path, part, policy)
			}
		}
		_, scripts, _ := strings.Cut(policy, "script-src")
		scripts, _, _ = strings.Cut(scripts, ";")
		inline := strings.Contains(policy, "'unsafe-inline'") && !strings.HasPrefix(path, "/asynq/")
		if strings.Contains(scripts, "unsafe") || strings.Contains(policy, "http:") || inline {
			t.Errorf("%s: %q", path, policy)
		}
	}
	// Asynqmon's scripts are named for what they contain, which is no secret.
	const bundle = "/asynq/static/js/main.5adda2da.chunk.js"
	w := ask(site, "GET", bundle)
	if kept := w.Header().Get("Cache-Control"); w.Code != http.StatusOK || !strings.Contains(kept, "immutable") {
		t.Errorf("%s: %d, %s", bundle, w.Code, kept)
	}
}
