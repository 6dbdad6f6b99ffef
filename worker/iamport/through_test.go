package iamport_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"receiptrevoker/worker/iamport"
)

// Every call on a receipt has the same answer, while tokens are given.
func TestBlockedWhenNothingGetsThrough(t *testing.T) {
	t.Parallel()
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, test := range map[string]struct {
		answer  http.HandlerFunc
		blocked bool
	}{
		"revoked":         {say(200, `{"code":0,"message":null,"response":{}}`), false},
		"never issued":    {say(400, `{"code":-1,"message":"none","response":null}`), false},
		"unknown":         {say(404, `{"code":-1,"message":"none","response":null}`), false},
		"gateway failed":  {say(500, `{"code":-1,"message":"none","response":null}`), false},
		"too many":        {say(429, `{"code":-1,"message":"none","response":null}`), true},
		"key is refused":  {say(401, `{"code":-1,"message":"none","response":null}`), true},
		"may not":         {say(403, `{"code":-1,"message":"none","response":null}`), true},
		"not available":   {say(503, `{"code":-1,"message":"none","response":null}`), true},
		"not supported":   {say(501, `{"code":-1,"message":"none","response":null}`), false},
		"maintenance":     {say(200, `<html>`), true},
		"proxy's 502":     {say(502, `<html>`), true},
		"firewall's 403":  {say(403, `<html>`), true},
		"empty":           {say(200, ``), true},
		"no content":      {say(204, ``), true},
		"breaks off":      {cut, true},
		"is cut":          {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		"is no envelope":  {say(200, `{}`), true},
		"another receipt": {say(200, `{"code":0,"response":{"imp_uid":"imp_other"}}`), true},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/maintenance", http.StatusFound)
		}, true},
		"hangs": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var well atomic.Bool
			server := tokens(t, func(w http.ResponseWriter, r *http.Request) {
				if well.Load() {
					say(400, `{"code":-1,"message":"none","response":null}`)(w, r)
					return
				}
				test.answer(w, r)
			})
			timeout := time.Second
			if name == "hangs" {
				timeout = 300 * time.Millisecond
			}
			client := newImpatient(t, server.URL, timeout)
			for range 9 {
				_, _ = client.RevokeReceipt(t.Context(), "imp_1")
			}
			if err := client.Blocked(); err != nil {
				t.Errorf("after nine calls: %v", err)
			}
			began := time.Now() // the first of the calls began before
			for calls := 0; calls < 1 || time.Since(began) < timeout; calls++ {
				_, _ = client.GetReceipt(t.Context(), "imp_1")
				_, _ = client.RevokeReceipt(t.Context(), "imp_1")
			}
			if err := client.Blocked(); (err != nil) != test.blocked {
				t.Errorf("blocked: got %v, want %t", err, test.blocked)
			}
			well.Store(true)
			_, _ = client.RevokeReceipt(t.Context(), "imp_1")
			if err := client.Blocked(); err != nil {
				t.Errorf("after an answer: %v", err)
			}
		})
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte(`{"code":0`))
}

// tokens starts a server that gives tokens, and answers calls on receipts as told.
func tokens(t *testing.T, receipts http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/receipts/") {
			receipts(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"code":0,"response":{"access_token":"a","now":1,"expired_at":1801}}`))
	}))
	t.Cleanup(server.Close)
	return server
}

func newImpatient(t *testing.T, url string, timeout time.Duration) *iamport.Client {
	t.Helper()
	client, err := iamport.NewClient(iamport.Config{URL: url, Key: "key", Secret: "secret", Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Authenticate(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return client
}
