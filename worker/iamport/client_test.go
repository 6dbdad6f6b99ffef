package iamport_test

import (
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestReceiptIsReturned(t *testing.T) {
	t.Parallel()
	issued := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	now := issued.Add(time.Hour)
	for seed := range uint64(6) { // the seed decides how the simulator says that there is nothing to say
		p := start(t, iamporttest.Config{Seed: seed, Now: func() time.Time { return now }})
		p.Issue(iamporttest.Receipt{
			ImpUID: "imp_1", Type: "company", Amount: 11_000, VAT: 1_000,
			ReceiptTID: "tid1", ApplyNum: "123456789", ReceiptURL: "https://receipts.invalid/1", AppliedAt: issued,
		})
		want := iamport.Receipt{
			ImpUID: "imp_1", Type: "company", Amount: 11_000, VAT: 1_000,
			ReceiptTID: "tid1", ApplyNum: "123456789", ReceiptURL: "https://receipts.invalid/1", AppliedAt: issued,
		}
		got, err := p.client.GetReceipt(t.Context(), "imp_1")
		if diff := cmp.Diff(want, got); err != nil || diff != "" || got.Revoked() {
			t.Errorf("lookup before: got revoked %t, error %v, diff (-want +got)\n%s", got.Revoked(), err, diff)
		}
		want.CancelledAt = now
		got, err = p.client.RevokeReceipt(t.Context(), "imp_1")
		if diff := cmp.Diff(want, got); err != nil || diff != "" || !got.Revoked() {
			t.Errorf("revocation: got revoked %t, error %v, diff (-want +got)\n%s", got.Revoked(), err, diff)
		}
		got, err = p.client.GetReceipt(t.Context(), "imp_1")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("lookup after: got error %v, diff (-want +got)\n%s", err, diff)
		}
		if truth := p.truth(t, "imp_1"); truth.Deletes != 1 || truth.Lookups != 2 || truth.Effective != 1 {
			t.Errorf("got %+v, want 1 delete, 2 lookups, 1 effective", truth)
		}
	}
}

// TestEveryFieldIsAnswered finds a field of a receipt that is not read, or that the simulated PortOne does not answer.
func TestEveryFieldIsAnswered(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1", CancelledAt: time.Unix(1_800_000_000, 0)})
	receipt, err := p.client.GetReceipt(t.Context(), "imp_1")
	if err != nil {
		t.Fatal(err)
	}
	for field, value := range reflect.ValueOf(receipt).Fields() {
		if value.IsZero() {
			t.Errorf("%s is empty: read it in receipt.go, and answer it in iamporttest/receipt.go and answer.go", field.Name)
		}
	}
}

// TestSuccess reads answers with status 200 and code 0.
func TestSuccess(t *testing.T) {
	t.Parallel()
	full := iamport.Receipt{ImpUID: "imp_1", Amount: 1100, VAT: 100, AppliedAt: time.Unix(1512446940, 0).UTC()}
	revoked := full
	revoked.CancelledAt = time.Unix(1512446999, 0).UTC()
	known := func(more string) string {
		return `{"code":0,"response":{"imp_uid":"imp_1","amount":1100,"vat":100,"applied_at":1512446940` + more + `}}`
	}
	amount := func(impUID, amount string) string {
		return `{"code":0,"response":{"imp_uid":"` + impUID + `","amount":` + amount + `}}`
	}
	const unreadable = "HTTP 200, code 0: read the answer: "
	const noReceipt = unreadable + "the answer describes no receipt"
	const notReceipt = unreadable + "response is not a receipt: "
	tests := []struct {
		name, body string
		want       iamport.Receipt
		lookup     string // how the error of a lookup goes on, "" if there is none
	}{
		{"numbers", known(`,"cancelled_at":1512446999`), revoked, ""},
		{"numbers in quotes", `{"code":0,"response":{"imp_uid":"imp_1","amount":"1100","vat":"100",` +
			`"applied_at":"1512446940","cancelled_at":"1512446999"}}`, revoked, ""},
		{"cancelled_at absent", known(""), full, ""},
		{"cancelled_at null", known(`,"cancelled_at":null`), full, ""},
		{"cancelled_at 0", known(`,"cancelled_at":0`), full, ""},
		{"cancelled_at 0 in quotes", known(`,"cancelled_at":"0"`), full, ""},
		{"cancelled_at empty", known(`,"cancelled_at":""`), full, ""},
		{"fields nobody knows", strings.Replace(known(`,"new":{"amount":[{}]}`), "{", `{"new":[1],`, 1), full, ""},
		{"no imp_uid", `{"code":0,"response":{"receipt_tid":"t"}}`, iamport.Receipt{ReceiptTID: "t"}, ""},
		{"response absent", `{"code":0,"message":null}`, iamport.Receipt{}, noReceipt},
		{"response null", `{"code":0,"message":null,"response":null}`, iamport.Receipt{}, noReceipt},
		{"response empty", `{"code":0,"message":null,"response":{}}`, iamport.Receipt{}, noReceipt},
		{"response an array", `{"code":0,"response":[]}`, iamport.Receipt{}, notReceipt},
		{"response a text", `{"code":0,"response":"OK"}`, iamport.Receipt{}, notReceipt},
		{"imp_uid in capitals", amount("IMP_1", "1000"), iamport.Receipt{ImpUID: "IMP_1", Amount: 1000}, ""},
		{"amount with a fraction of zero", amount("imp_1", "1000.0"), iamport.Receipt{ImpUID: "imp_1", Amount: 1000}, ""},
		{"amount with a comma", amount("imp_1", `"1,000"`), iamport.Receipt{ImpUID: "imp_1", Amount: 1000}, ""},
		{"amount with all of it", amount("imp_1", `" 1,000.00 "`), iamport.Receipt{ImpUID: "imp_1", Amount: 1000}, ""},
		{"amount beyond 64 bits", amount("imp_1", "99999999999999999999"), iamport.Receipt{ImpUID: "imp_1"}, ""},
		{"amount no number", amount("imp_1", `"much"`), iamport.Receipt{ImpUID: "imp_1"}, ""},
		{"amount a fraction", amount("imp_1", "1.5"), iamport.Receipt{ImpUID: "imp_1"}, ""},
		{"amount an object", amount("imp_1", `{"won":1}`), iamport.Receipt{ImpUID: "imp_1"}, ""},
		{"apply_num a number", `{"code":0,"response":{"apply_num":12}}`, iamport.Receipt{ApplyNum: "12"}, ""},
		{"cancelled_at with a fraction of zero", known(`,"cancelled_at":1512446999.0`), revoked, ""},
		{"cancelled_at no number", known(`,"cancelled_at":"yesterday"`), full, notReceipt + "cancelled_at: "},
		{"cancelled_at true", known(`,"cancelled_at":true`), full, notReceipt + "cancelled_at: "},
		{"cancelled_at beyond 64 bits", known(`,"cancelled_at":99999999999999999999`), full, notReceipt + "cancelled_at: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, answering(saying(200, test.body)), iamport.Config{})
			got, err := client.RevokeReceipt(t.Context(), "imp_1")
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("revocation: got error %v, diff (-want +got)\n%s", err, diff)
			}
			got, err = client.GetReceipt(t.Context(), "imp_1")
			if test.lookup == "" {
				if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
					t.Errorf("lookup: got error %v, diff (-want +got)\n%s", err, diff)
				}
				return
			}
			if err == nil || got != (iamport.Receipt{}) {
				t.Fatalf("lookup: got %+v, error %v, want an error alone", got, err)
			}
			want := "iamport: look up receipt imp_1: " + test.lookup
			if !strings.HasPrefix(err.Error(), want) {
				t.Errorf("lookup: got error %v, want %s…", err, want)
			}
		})
	}
}

func TestAnswerAboutAnotherReceipt(t *testing.T) {
	t.Parallel()
	another := saying(200, `{"code":0,"message":"ok","response":{"imp_uid":"imp_2"}}`)
	client := serve(t, answering(another), iamport.Config{})
	for op, call := range calls {
		got, err := call(client, t.Context(), "imp_1")
		want := "iamport: " + string(op) +
			` imp_1: HTTP 200, code 0, message "ok": read the answer: the answer is about "imp_2"`
		if err == nil || err.Error() != want || got != (iamport.Receipt{}) {
			t.Fatalf("got %+v, error %v, want %s", got, err, want)
		}
	}
}

// TestRequest sees what is sent.
func TestRequest(t *testing.T) {
	t.Parallel()
	type request struct {
		Line, Authorization, ContentType, Accept, Body string
		Tier                                           []string
	}
	sent := func(t *testing.T, tier string) []request {
		var mu sync.Mutex
		var all []request
		portone := answering(saying(200, `{"code":0,"response":{"imp_uid":"imps_1-A"}}`))
		client := serve(t, http.StripPrefix("/v1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, request{
				r.Method + " " + r.RequestURI, r.Header.Get("Authorization"), r.Header.Get("Content-Type"),
				r.Header.Get("Accept"), string(body), r.Header["Tier"],
			})
			portone.ServeHTTP(w, r)
		})), iamport.Config{URL: "/v1/", Tier: tier})
		for _, call := range []iamport.Op{iamport.OpRevoke, iamport.OpLookup} {
			if _, err := calls[call](client, t.Context(), "imps_1-A"); err != nil {
				t.Fatal(err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		return all
	}
	const bearer, kind = "Bearer " + givenToken, "application/json"
	const credentials = `{"imp_key":"` + iamporttest.DefaultKey + `","imp_secret":"` + iamporttest.DefaultSecret + `"}`
	for tier, header := range map[string][]string{"": nil, "AB1": {"AB1"}} {
		want := []request{
			{"POST /v1/users/getToken", "", kind, kind, credentials, header},
			{"DELETE /v1/receipts/imps_1-A", bearer, "", kind, "", header},
			{"GET /v1/receipts/imps_1-A", bearer, "", kind, "", header},
		}
		t.Run("tier "+tier, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, sent(t, tier)); diff != "" {
				t.Errorf("requests (-want +got)\n%s", diff)
			}
		})
	}
}

// A client for a sub-merchant calls with its tier, and with the token of the client that
// it was made from.
func TestTierOfACall(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sent []string
	portone := answering(saying(200, `{"code":0,"response":{"imp_uid":"imp_1"}}`))
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		sent = append(sent, r.Method+" "+r.Header.Get("Tier"))
		portone.ServeHTTP(w, r)
	}), iamport.Config{Tier: "AB1"})
	for _, tier := range []string{"C02", "", "AB1", "C02"} {
		for _, op := range []iamport.Op{iamport.OpLookup, iamport.OpRevoke} {
			if _, err := calls[op](client.WithTier(tier), t.Context(), "imp_1"); err != nil {
				t.Fatal(err)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	want := []string{
		"POST AB1", "GET C02", "DELETE C02", "GET AB1", "DELETE AB1", "GET AB1", "DELETE AB1", "GET C02", "DELETE C02",
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("calls and tiers (-want +got)\n%s", diff)
	}
	if client.Fingerprint([]byte("k")) != client.WithTier("AB1").Fingerprint([]byte("k")) ||
		client.Fingerprint([]byte("k")) == client.WithTier("C02").Fingerprint([]byte("k")) ||
		client.Fingerprint([]byte("k")) == client.Fingerprint([]byte("other")) {
		t.Error("a fingerprint is of the key, the tier and the key under which it is made")
	}
}

// TestRedirectIsNotFollowed counts the calls that arrive where redirects lead:
// they would carry the token, or the credentials, there.
func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	t.Run("of a receipt's call", func(t *testing.T) {
		t.Parallel()
		p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{
			{Fault: iamporttest.Redirect}, {Fault: iamporttest.Redirect, Lookup: true},
		}})
		p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
		for op, call := range calls {
			_, err := call(p.client, t.Context(), "imp_1")
			if got := failure(t, err).Status; got != http.StatusFound {
				t.Errorf("%s: got status %d, want 302", op, got)
			}
		}
		stats := p.Stats()
		if got := stats.Total(iamporttest.OpRedirected); got != 0 || stats.LeakedTokens != 0 {
			t.Errorf("got %d redirects followed, %d with a token, want none", got, stats.LeakedTokens)
		}
	})
	t.Run("of the call for a token", func(t *testing.T) {
		t.Parallel()
		for _, status := range []int{301, 302, 303, 307, 308} {
			client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/users/getToken" {
					t.Errorf("status %d was followed to %s", status, r.URL)
				}
				http.Redirect(w, r, "/elsewhere", status)
			}), iamport.Config{})
			err := client.Authenticate(t.Context())
			if got := failure(t, err); got.Op != iamport.OpToken || got.Status != status {
				t.Errorf("got %s, status %d, want %s, %d", got.Op, got.Status, iamport.OpToken, status)
			}
		}
	})
}
