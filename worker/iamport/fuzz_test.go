package iamport_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"receiptrevoker/worker/iamport"
)

// FuzzAnswer reads whatever a server may answer to a call on a receipt. Nothing
// but status 200 with code 0 is a success, and every failure is an error that
// shows neither the credentials nor the token.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		``, `null`, `{}`, `[]`, `"OK"`, `{"code":0}`, `{"code":-1,"message":"실패","response":null}`,
		`{"code":0,"response":{"imp_uid":"imp_1","amount":"1100","applied_at":1,"cancelled_at":2}}`,
		`{"code":0,"response":{"imp_uid":"imp_2"}}`, `{"code":0,"response":{"cancelled_at":"` + givenToken + `"}}`,
		`{"code":0,"response":{"imp_uid":"IMP_1","amount":"1,000.0","cancelled_at":true}}`,
		`{"code":0,"message":7,"response":[]}`, `{"code":"0"}`, `{"code":1e400}`, `{"CODE":0,"code":null}`,
		`{"code":-1,"message":"` + key + secret + givenToken + `"}`, `<html>502</html>`, "\xff{\"code\":0}",
	} {
		for _, status := range []int{200, 204, 302, 400, 401, 404, 500, 501, 503} {
			f.Add(status, "5", body)
		}
	}
	f.Add(429, "Fri, 31 Dec 9999 23:59:59 GMT", `{"code":-1}`)
	f.Add(429, "99999999999999999999", `{"code":-1}`)

	answers := make(chan http.HandlerFunc, 1)
	server := httptest.NewServer(answering(func(w http.ResponseWriter, r *http.Request) {
		answer := <-answers
		answers <- answer // a call whose token is refused comes twice
		answer(w, r)
	}))
	f.Cleanup(server.Close)
	client, err := iamport.NewClient(iamport.Config{URL: server.URL, Key: key, Secret: secret})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, retryAfter, body string) {
		status = 200 + int(uint(status-200)%800) // final, and of three digits
		if strings.ContainsFunc(retryAfter, unicode.IsControl) {
			return // no header at all: the answer is not HTTP
		}
		answers <- func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", retryAfter)
			saying(status, body)(w, r)
		}
		defer func() { <-answers }()
		var envelope struct{ Code *int }
		success := json.Unmarshal([]byte(body), &envelope) == nil && envelope.Code != nil && *envelope.Code == 0
		for op, call := range calls {
			receipt, err := call(client, t.Context(), "imp_1")
			if err == nil {
				if status != 200 || !success || receipt.ImpUID != "" && !strings.EqualFold(receipt.ImpUID, "imp_1") {
					t.Errorf("%s: got success and %+v from status %d, %q", op, receipt, status, body)
				}
				continue
			}
			wantFacts(t, err, op, status)
			if receipt != (iamport.Receipt{}) {
				t.Errorf("%s: got %+v with error %v, want no receipt", op, receipt, err)
			}
		}
	})
}

// wantFacts fails the test unless err is that of a call of op that was answered
// status.
func wantFacts(t *testing.T, err error, op iamport.Op, status int) {
	t.Helper()
	var got *iamport.Error
	if !errors.As(err, &got) || got.Op != op || got.Status != status || got.ImpUID != "imp_1" {
		t.Fatalf("got %+v, want an *iamport.Error of %s, status %d", err, op, status)
	}
	if got.RetryAfter < 0 || got.RetryAfter > time.Hour {
		t.Errorf("got Retry-After %v, want 0 to 1h", got.RetryAfter)
	}
	if !got.Sent || got.Code == nil && got.Err == nil {
		t.Errorf("%s: got %+v, want that it was sent, and PortOne's code or why there is none", op, got)
	}
	for _, hidden := range []string{key, secret, givenToken} {
		if strings.Contains(err.Error(), hidden) {
			t.Errorf("%q stands in %s", hidden, err)
		}
	}
}
