package iamport_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// TestTokenIsRenewedNearItsEnd asks at moments of the client's clock how many
// tokens were asked for until then. The server's clock may be wrong by years.
func TestTokenIsRenewedNearItsEnd(t *testing.T) {
	t.Parallel()
	type moment struct {
		at    time.Duration
		asked int
	}
	tests := []struct {
		name       string
		life, slow time.Duration
		moments    []moment
	}{
		{"half a minute before", 30 * time.Minute, 0, []moment{
			{0, 1},
			{29*time.Minute + 29*time.Second, 1},
			{29*time.Minute + 31*time.Second, 2}, // prolonged by 5 minutes, to 35m
			{34*time.Minute + 29*time.Second, 2},
			{34*time.Minute + 31*time.Second, 3},
		}},
		{"at the end of a short life", time.Minute, 0, []moment{
			{0, 1}, {59 * time.Second, 1}, {61 * time.Second, 2},
		}},
		{"half a minute before the end of a longer one", 61 * time.Second, 0, []moment{
			{0, 1}, {30 * time.Second, 1}, {32 * time.Second, 2},
		}},
		{"counted from the question on", 30 * time.Minute, 20 * time.Second, []moment{
			{0, 1}, {29*time.Minute + 29*time.Second, 1}, {29*time.Minute + 31*time.Second, 2},
		}},
	}
	for _, test := range tests {
		for _, years := range []int{-9, 0, 9} {
			t.Run(fmt.Sprintf("%s, %+d years", test.name, years), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					p := startInMemory(t, iamporttest.Config{
						TokenLifetime: test.life,
						Now:           func() time.Time { return time.Now().AddDate(years, 0, 0) },
						OnCall: func(call iamporttest.Call) {
							if call.Operation == iamporttest.OpToken {
								time.Sleep(test.slow)
							}
						},
					})
					begin := time.Now()
					for i, moment := range test.moments {
						time.Sleep(time.Until(begin.Add(moment.at)))
						impUID := fmt.Sprintf("imp_%d", i)
						p.Issue(iamporttest.Receipt{ImpUID: impUID})
						if _, err := p.client.RevokeReceipt(t.Context(), impUID); err != nil {
							t.Errorf("after %v: %v", moment.at, err)
						}
						if got := p.Stats().Total(iamporttest.OpToken); got != moment.asked {
							t.Errorf("after %v: got %d calls for a token, want %d", moment.at, got, moment.asked)
						}
					}
					p.wantCalls(t, iamporttest.OpRevoke, map[int]int{200: len(test.moments)})
				})
			})
		}
	}
}

// TestTokenWithoutLifeIsUsedOnce is about a server that gives out tokens that
// are over, or says about their end what makes no sense.
func TestTokenWithoutLifeIsUsedOnce(t *testing.T) {
	t.Parallel()
	for _, life := range []string{
		`"now":100,"expired_at":100`, `"now":100,"expired_at":1`, `"now":100`, `"now":0,"expired_at":9223372036854775807`,
	} {
		asked := make(chan struct{}, 10)
		client := serve(t, answeringBoth(func(w http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			saying(200, `{"code":0,"response":{"access_token":"t",`+life+`}}`)(w, r)
		}, saying(200, `{"code":0}`)), iamport.Config{})
		for range 2 {
			if _, err := client.RevokeReceipt(t.Context(), "imp_1"); err != nil {
				t.Errorf("%s: %v", life, err)
			}
		}
		if len(asked) != 2 {
			t.Errorf("%s: got %d calls for a token, want 2", life, len(asked))
		}
	}
}

func TestUnreadableToken(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"code":0,"response":{"now":1,"expired_at":2}}`: "the answer has no access_token",
		`{"code":0,"response":{"access_token":""}}`:      "the answer has no access_token",
		`{"code":0,"response":null}`:                     "the answer has no access_token",
		`{"code":0,"response":"t"}`:                      "json: cannot unmarshal string into Go value of type struct",
		`{"code":0}`:                                     "unexpected end of JSON input",
	} {
		client := serve(t, answeringBoth(saying(200, body), func(_ http.ResponseWriter, r *http.Request) {
			t.Errorf("got call %s %s, want none without a token", r.Method, r.URL)
		}), iamport.Config{})
		_, err := client.RevokeReceipt(t.Context(), "imp_1")
		want = "iamport: get token: HTTP 200, code 0: read the answer: " + want
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s…", body, err, want)
		}
		if got := failure(t, err); got.Op != iamport.OpToken {
			t.Errorf("%s: got %+v, want %s", body, got, iamport.OpToken)
		}
	}
}

func TestPortOnesTimeComesWithTheToken(t *testing.T) {
	t.Parallel()
	for _, years := range []int{-9, 0, 9} {
		synctest.Test(t, func(t *testing.T) {
			clock := func() time.Time { return time.Now().AddDate(years, 0, 0) }
			p := startInMemory(t, iamporttest.Config{Now: clock})
			if _, known := p.client.Now(); known {
				t.Error("got a time before there is a token")
			}
			for range 3 {
				time.Sleep(20 * time.Minute) // the token is renewed once
				if err := p.client.Authenticate(t.Context()); err != nil {
					t.Fatal(err)
				}
				got, known := p.client.Now()
				if late := clock().Sub(got); !known || late < 0 || late >= time.Second {
					t.Errorf("%+d years: got %v, %t, which is %v behind PortOne", years, got, known, late)
				}
			}
		})
	}
}

func TestPortOnesTimeIsNotKnownWithoutATokenOrItsTime(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]*iamport.Client{
		"it does not say": serve(t, answeringBoth(
			saying(200, `{"code":0,"response":{"access_token":"t","expired_at":1800}}`), saying(200, `{"code":0}`),
		), iamport.Config{}),
		"the token is refused": serve(t, answering(saying(401, "<html>")), iamport.Config{}),
	} {
		_, _ = client.RevokeReceipt(t.Context(), "imp_1")
		if got, known := client.Now(); known {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
