package iamport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestErrorLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  iamport.Error
		want string
	}{
		{iamport.Error{Op: iamport.OpToken}, `iamport: get token`},
		{
			iamport.Error{Op: iamport.OpRevoke, ImpUID: "imp_1", Status: 500, Code: new(-1), Message: "취소 실패"},
			`iamport: revoke receipt imp_1: HTTP 500, code -1, message "취소 실패"`,
		},
		{
			iamport.Error{Op: iamport.OpLookup, ImpUID: "imp_1", Status: 200, Code: new(0), Err: errors.New("why")},
			`iamport: look up receipt imp_1: HTTP 200, code 0: why`,
		},
		{
			iamport.Error{Op: iamport.OpRevoke, ImpUID: "imp_1", Status: 503, RetryAfter: time.Minute, Sent: true},
			`iamport: revoke receipt imp_1: HTTP 503`,
		},
		{
			iamport.Error{Op: iamport.OpRevoke, ImpUID: "imp_1", Err: context.DeadlineExceeded},
			`iamport: revoke receipt imp_1: context deadline exceeded`,
		},
		{
			iamport.Error{Op: iamport.OpToken, Status: 401, Message: "two\nlines and a \"quote\""},
			`iamport: get token: HTTP 401, message "two\nlines and a \"quote\""`,
		},
		{iamport.Error{Op: iamport.OpToken, Code: new(1)}, `iamport: get token, code 1`},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestErrorUnwraps(t *testing.T) {
	t.Parallel()
	if err := error(&iamport.Error{Err: context.Canceled}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not match its cause", err)
	}
	if err := errors.Unwrap(&iamport.Error{Status: 500}); err != nil {
		t.Errorf("got cause %v of an answer, want none", err)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	after := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	tests := []struct {
		name   string
		header func() string
		want   time.Duration
	}{
		{"absent", nil, 0},
		{"empty", text(""), 0},
		{"0", text("0"), 0},
		{"seconds", text("120"), 2 * time.Minute},
		{"seconds with spaces", text(" 120 "), 2 * time.Minute},
		{"an hour", text("3600"), time.Hour},
		{"more than an hour", text("3601"), time.Hour},
		{"more than fits 31 bits", text("99999999999"), time.Hour},
		{"more than a Duration holds", text("18446744073709551615"), time.Hour},
		{"more than fits 64 bits", text("99999999999999999999999999"), time.Hour},
		{"negative", text("-5"), 0},
		{"a fraction", text("1.5"), 0},
		{"garbage", text("soon"), 0},
		{"a unit", text("5s"), 0},
		{"a date", func() string { return after(90 * time.Second) }, 90 * time.Second},
		{"a date in two hours", func() string { return after(2 * time.Hour) }, time.Hour},
		{"a date in the year 9999", text("Fri, 31 Dec 9999 23:59:59 GMT"), time.Hour},
		{"a date that is over", func() string { return after(-time.Minute) }, 0},
		{"a date of long ago", text("Mon, 01 Jan 0001 00:00:00 GMT"), 0},
		{"a date as RFC 850 wrote it", func() string {
			return time.Now().Add(time.Minute).UTC().Format("Monday, 02-Jan-06 15:04:05 GMT")
		}, time.Minute},
		{"a date of ISO 8601", func() string { return time.Now().Add(time.Minute).Format(time.RFC3339) }, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := serveInMemory(t, answering(func(w http.ResponseWriter, r *http.Request) {
					if test.header != nil {
						w.Header().Set("Retry-After", test.header())
					}
					saying(429, `{"code":-1}`)(w, r)
				}), iamport.Config{})
				_, err := client.RevokeReceipt(t.Context(), "imp_1")
				if got := failure(t, err).RetryAfter; got != test.want {
					t.Errorf("got %v, want %v", got, test.want)
				}
			})
		})
	}
}

func text(s string) func() string { return func() string { return s } }

// TestStatus sees every status, with PortOne's envelope and without.
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"code":-1}`, "", "<html>"} {
		status := make(chan int, 1)
		client := serve(t, answering(func(w http.ResponseWriter, r *http.Request) {
			saying(<-status, body)(w, r)
		}), iamport.Config{})
		for want := 201; want <= 599; want++ {
			silent := want == http.StatusNoContent || want == http.StatusNotModified // they have no body
			ours := body == `{"code":-1}` && !silent
			if ours && want == http.StatusUnauthorized {
				continue // is asked twice
			}
			for op, call := range calls {
				status <- want
				_, err := call(client, t.Context(), "imp_1")
				got := failure(t, err)
				if got.Op != op || got.Status != want || !got.Sent || (got.Code != nil) != ours || (got.Err == nil) != ours {
					t.Errorf("%q: got %+v, want %s, status %d, sent, PortOne's own %t", body, got, op, want, ours)
				}
			}
		}
	}
}

// TestBadEnvelope reads answers with status 200 that do not say success.
func TestBadEnvelope(t *testing.T) {
	t.Parallel()
	const read = "HTTP 200: read the answer: "
	tests := []struct {
		name, body, want string // how the error goes on after the imp_uid
	}{
		{"code 1", `{"code":1,"message":"no"}`, `HTTP 200, code 1, message "no"`},
		{"code -1, with a response", `{"code":-1,"response":{"imp_uid":"imp_1"}}`, `HTTP 200, code -1`},
		{"a message that is no text", `{"code":-1,"message":{"text":"no"}}`, `HTTP 200, code -1`},
		{"no code", `{"message":"ok"}`, `HTTP 200, message "ok": read the answer: the answer has no code`},
		{"code null", `{"code":null}`, read + "the answer has no code"},
		{"null", `null`, read + "the answer has no code"},
		{"empty", ``, read + "unexpected end of JSON input"},
		{"half", `{"code":0,`, read + "unexpected end of JSON input"},
		{"two answers", `{"code":0}{"code":0}`, read + "invalid character '{' after top-level value"},
		{"HTML", `<html>`, read + "invalid character '<' looking for beginning of value"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, answering(saying(200, test.body)), iamport.Config{})
			for op, call := range calls {
				_, err := call(client, t.Context(), "imp_1")
				want := "iamport: " + string(op) + " imp_1: " + test.want
				if err == nil || err.Error() != want {
					t.Fatalf("got %v, want %s", err, want)
				}
				if !failure(t, err).Sent {
					t.Errorf("%s: got a call that was not sent", op)
				}
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	wait := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // net/http watches the connection from then on
		<-r.Context().Done()
	}
	begin := func(w http.ResponseWriter, r *http.Request) {
		saying(200, `{"code":0,`)(w, r)
		http.NewResponseController(w).Flush()
		wait(w, r)
	}
	tests := []struct {
		name    string
		handler http.Handler
		status  int
		op      iamport.Op // "" is that of the call
	}{
		{"of a receipt's call", answering(wait), 0, ""},
		{"in the middle of an answer", answering(begin), 200, ""},
		{"of the call for a token", answeringBoth(wait, wait), 0, iamport.OpToken},
	}
	for _, test := range tests {
		for op, call := range calls {
			t.Run(string(op)+", "+test.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					client := serveInMemory(t, test.handler, iamport.Config{Timeout: 5 * time.Second})
					start := time.Now()
					_, err := call(client, t.Context(), "imp_1")
					if took := time.Since(start); took != 5*time.Second {
						t.Errorf("got an end after %v, want 5s", took)
					}
					wantLost(t, err, test.op, op, test.status)
				})
			})
		}
	}
}

// wantLost fails the test unless err is that of a call of op that exceeded its
// time, or that of another if it is not empty.
func wantLost(t *testing.T, err error, another, op iamport.Op, status int) {
	t.Helper()
	if another != "" {
		op = another
	}
	got := failure(t, err)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want one that matches context.DeadlineExceeded", err)
	}
	if got.Op != op || got.Status != status || !got.Sent {
		t.Errorf("got %+v, want %s, status %d, sent", got, op, status)
	}
}

func TestCallerEndsCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := startInMemory(t, iamporttest.Config{Faults: []iamporttest.Rule{{Fault: iamporttest.SlowAfter}}})
		p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := p.client.RevokeReceipt(ctx, "imp_1")
		if !errors.Is(err, context.Canceled) || !failure(t, err).Sent {
			t.Errorf("got %+v, want canceled after it was sent", failure(t, err))
		}
		if !p.truth(t, "imp_1").Revoked() {
			t.Error("got a receipt that is not revoked: the test is wrong")
		}
	})
}
