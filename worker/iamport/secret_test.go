package iamport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	key    = iamporttest.DefaultKey
	secret = iamporttest.DefaultSecret
)

// renderings returns v in all the ways in which it may reach a log.
func renderings(v any) []string {
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("", "v", v)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("", "v", v, "list", []any{v})
	encoded, _ := json.Marshal(v)
	all := []string{logged.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		all = append(all, fmt.Sprintf(verb, v), fmt.Sprintf(verb, []any{v}))
	}
	return all
}

// wantHidden fails the test if one of hidden stands in a rendering of v.
func wantHidden(t *testing.T, v any, hidden ...string) {
	t.Helper()
	for _, text := range renderings(v) {
		for _, secret := range hidden {
			if secret != "" && strings.Contains(text, secret) {
				t.Errorf("%q stands in %s", secret, text)
			}
		}
	}
}

// wiretap notes the tokens that calls carry.
type wiretap struct {
	http.Handler
	mu     sync.Mutex
	tokens []string
}

func (tap *wiretap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		tap.mu.Lock()
		tap.tokens = append(tap.tokens, token)
		tap.mu.Unlock()
	}
	tap.Handler.ServeHTTP(w, r)
}

// hidden returns all that must not be shown, which is a token at least.
func (tap *wiretap) hidden(t *testing.T) []string {
	t.Helper()
	tap.mu.Lock()
	defer tap.mu.Unlock()
	if len(tap.tokens) == 0 {
		t.Fatal("got no call with a token")
	}
	return append([]string{key, secret}, tap.tokens...)
}

func TestFaultsShowNoSecret(t *testing.T) {
	t.Parallel()
	for _, fault := range iamporttest.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				simulator := iamporttest.New(iamporttest.Config{Faults: []iamporttest.Rule{
					{Fault: fault, RetryAfter: time.Second}, {Fault: fault, Lookup: true},
				}})
				simulator.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
				tap := &wiretap{Handler: simulator}
				client := serveInMemory(t, tap, iamport.Config{})
				for op, call := range calls {
					_, err := call(client, t.Context(), "imp_1")
					if err == nil && (op == iamport.OpLookup || fault != iamporttest.NoResponse) {
						t.Errorf("%s: got success, want an error", op)
					}
					wantHidden(t, err, tap.hidden(t)...)
				}
				wantHidden(t, client, tap.hidden(t)...)
				time.Sleep(time.Hour) // until what takes effect late has done so
			})
		})
	}
}

func TestMissingTokenShowsNoSecret(t *testing.T) {
	t.Parallel()
	gone := newClient(t, iamport.Config{URL: "http://127.0.0.1:1"})
	wrong := serve(t, iamporttest.New(iamporttest.Config{Secret: "another"}), iamport.Config{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, client := range []*iamport.Client{gone, wrong} {
		for _, ctx := range []context.Context{t.Context(), ended} {
			for _, call := range calls {
				_, err := call(client, ctx, "imp_1")
				if failure(t, err).Op != iamport.OpToken {
					t.Errorf("got %v, want that there is no token", err)
				}
				wantHidden(t, err, key, secret)
			}
			wantHidden(t, client.Authenticate(ctx), key, secret)
		}
	}
}

// TestEchoIsConcealed makes calls to servers that say back what they were told.
func TestEchoIsConcealed(t *testing.T) {
	t.Parallel()
	const said = givenToken + " of " + key + " with " + secret
	message := func(status int, more string) http.HandlerFunc {
		return saying(status, `{"code":`+more+`,"message":"`+said+`"}`)
	}
	given := saying(200, givenAnswer)
	tests := []struct {
		name          string
		token, answer http.HandlerFunc
	}{
		{"message of a failure", given, message(500, `-1`)},
		{"message of a bad request", given, message(400, `-1`)},
		{"message of a refused token", given, message(401, `-1`)},
		{"message of a refusal", given, message(200, `-1`)},
		{"message without a code", given, message(200, `null`)},
		{"message of a success", given, message(200, `0,"response":{"imp_uid":"imp_2"}`)},
		{"imp_uid", given, saying(200, `{"code":0,"response":{"imp_uid":"`+said+`"}}`)},
		{"status line", given, raw("HTTP/1.1 " + said + "\r\n\r\n")},
		{"no HTTP", given, raw(strings.ReplaceAll(said, " ", "-") + "\r\n\r\n")},
		{"header", given, raw("HTTP/1.1 200 OK\r\n" + said + "\r\n\r\n")},
		{"location", given, raw("HTTP/1.1 302 Found\r\nLocation: http://[" + said + "\r\n\r\n")},
		{"message of refused credentials", message(401, `-1`), nil},
		{"message of a token without a token", message(200, `0,"response":{}`), nil},
		{"message of an unreadable token", message(200, `0,"response":[]`), nil},
		{"no HTTP for a token", raw(strings.ReplaceAll(said, " ", "-") + "\r\n\r\n"), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			hidden := []string{key, secret, givenToken}
			if test.answer == nil {
				hidden, test.answer = hidden[:2], test.token // it is no token of ours
			}
			client := serve(t, answeringBoth(test.token, test.answer), iamport.Config{})
			for op, call := range calls {
				_, err := call(client, t.Context(), "imp_1")
				if op == iamport.OpRevoke && err == nil {
					t.Fatal("got success, want an error")
				}
				wantHidden(t, err, hidden...)
				if !strings.Contains(fmt.Sprint(err), "***") {
					t.Errorf("got %v, want *** in it", err)
				}
			}
		})
	}
}

func TestUnreadableTimeIsConcealed(t *testing.T) {
	t.Parallel()
	client := serve(t, answering(saying(200, `{"code":0,"response":{"cancelled_at":"`+givenToken+`"}}`)), iamport.Config{})
	_, err := client.GetReceipt(t.Context(), "imp_1")
	wantHidden(t, err, givenToken)
	if !strings.Contains(failure(t, err).Err.Error(), "***") {
		t.Errorf("got cause %v, want *** in it", failure(t, err).Err)
	}
}

func TestKeyAndSecretAreExposedBeyondThisMachine(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"https://api.iamport.kr": false, "http://api.iamport.kr": true, "http://10.0.0.1:8990": true,
		"http://localhost:8990": false, "http://127.0.0.2": false, "http://[::1]:1": false,
		"http://[::ffff:127.0.0.1]": false, "HTTP://portone": true, "http://localhost.example.com": true,
	} {
		if got := newClient(t, iamport.Config{URL: url}).Exposed(); got != want {
			t.Errorf("%s: got %t, want %t", url, got, want)
		}
	}
}

// A text of a few letters is no secret, and part of other words.
func TestShortSecretLeavesWordsWhole(t *testing.T) {
	t.Parallel()
	for secret, want := range map[iamport.Secret]string{"p": "Post http", "https": "https://", "https:": "***//"} {
		client := newClient(t, iamport.Config{URL: "https://127.0.0.1:1", Secret: secret})
		got := strings.ReplaceAll(client.Authenticate(t.Context()).Error(), `"`, "")
		if !strings.Contains(got, want) {
			t.Errorf("%q: got %s, want %s in it", string(secret), got, want)
		}
	}
}

// TestConcealedErrorMatches uses a key that stands in the text of an error.
func TestConcealedErrorMatches(t *testing.T) {
	t.Parallel()
	client := serve(t, answering(nothing), iamport.Config{Key: "Delete"})
	_, err := client.RevokeReceipt(t.Context(), "imp_1")
	if !errors.Is(err, io.EOF) || strings.Contains(err.Error(), "Delete") {
		t.Errorf("got %v, want it without its cause's text, and to match its cause", err)
	}
}

// raw returns a handler that answers with text alone, and closes.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, text)
		conn.Close()
	}
}

func nothing(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestConfigShowsNoSecret(t *testing.T) {
	t.Parallel()
	config := iamport.Config{Key: key, Secret: secret, Tier: "AB1"}
	wantHidden(t, config, key, secret)
	wantHidden(t, &config, key, secret)
	wantHidden(t, map[string]any{"config": config}, key, secret)
	wantHidden(t, newClient(t, config), key, secret)
	for _, text := range renderings(config)[:4] {
		if !strings.Contains(text, "***") || !strings.Contains(text, "AB1") {
			t.Errorf("got %s, want the rest of it", text)
		}
	}
}

func TestSecretPrintsAsStars(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, iamport.Secret(secret)); got != "***" {
			t.Errorf("%s: got %q, want ***", verb, got)
		}
		if got := fmt.Sprintf(verb, iamport.Secret("")); got != "" {
			t.Errorf("%s: got %q for none, want nothing", verb, got)
		}
	}
	wantHidden(t, iamport.Secret(secret), secret)
	wantHidden(t, map[string]iamport.Secret{"secret": secret}, secret)
	for _, verb := range []string{"%d", "%x", "%X", "%t", "%10s", "%c"} {
		if got := fmt.Sprintf(verb, iamport.Secret(secret)); strings.Contains(got, secret) ||
			strings.Contains(strings.ToLower(got), fmt.Sprintf("%x", secret)) {
			t.Errorf("%s: got %q", verb, got)
		}
	}
	if got := iamport.Secret(secret).LogValue().String(); got != "***" {
		t.Errorf("got log value %q, want ***", got)
	}
	if got := string(iamport.Secret(secret)); got != secret {
		t.Errorf("got %q when converted, want %q", got, secret)
	}
}
