package doctor_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/doctor"
	"receiptrevoker/worker/account"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// answering serves one status and body, and returns a client of it.
func answering(t *testing.T, status int, body string) *iamport.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return newAPI(t, iamport.Config{URL: server.URL, Key: "the-key", Secret: "the-secret"})
}

func TestWhatPortOneHasAgainstTheCredentials(t *testing.T) {
	t.Parallel()
	encrypted := httptest.NewTLSServer(http.NotFoundHandler()) // whose certificate nobody trusts
	defer encrypted.Close()
	at := func(url string) *iamport.Client {
		return newAPI(t, iamport.Config{URL: url, Key: "the-key", Secret: "the-secret"})
	}
	for name, test := range map[string]struct {
		api                  *iamport.Client
		portone, credentials wanted
	}{
		"right":       {api(t, iamporttest.DefaultKey, iamporttest.DefaultSecret), wanted{doctor.OK, "answered in"}, wanted{doctor.OK, "accepts"}},
		"wrong":       {api(t, iamporttest.DefaultKey, "the-secret"), wanted{doctor.OK, "answered in"}, wanted{doctor.Failure, "refuses the key or the secret"}},
		"forbidden":   {answering(t, 403, "<html>"), wanted{doctor.OK, ""}, wanted{doctor.Failure, "this machine's address"}},
		"not PortOne": {answering(t, 404, "<html>"), wanted{doctor.OK, ""}, wanted{doctor.Failure, "IAMPORT_URL"}},
		"a web page":  {answering(t, 200, "<html>"), wanted{doctor.OK, ""}, wanted{doctor.Failure, "IAMPORT_URL"}},
		"our request": {answering(t, 400, `{"code":-1}`), wanted{doctor.OK, ""}, wanted{doctor.Failure, "refuses the key or the secret"}},
		"page of 401": {answering(t, 401, "<html>"), wanted{doctor.OK, ""}, wanted{doctor.Failure, "IAMPORT_URL"}},
		"busy":        {answering(t, 503, ""), wanted{doctor.OK, ""}, wanted{doctor.Warning, "run doctor again"}},
		"closed":      {at("http://127.0.0.1:1"), wanted{doctor.Failure, "cannot be reached"}, wanted{doctor.Unknown, "not asked"}},
		"no such":     {at("http://no-such-name.invalid"), wanted{doctor.Failure, "DNS"}, wanted{doctor.Unknown, "not asked"}},
		"untrusted":   {at(encrypted.URL), wanted{doctor.Failure, "certificate is not trusted"}, wanted{doctor.Unknown, "not asked"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(redistest.Embedded(t))
			c.API, c.Doubts = test.api, []string{"IMP_KEY has quotation marks around it"}
			found := examine(t, c)
			found.want(t, "portone", test.portone)
			found.want(t, "credentials", test.credentials)
			if name == "wrong" {
				found.want(t, "credentials", wanted{doctor.Failure, "IMP_KEY has quotation marks"})
			}
			for _, f := range found {
				if text := f.Found + f.Mend; strings.Contains(text, "the-key") || strings.Contains(text, "the-secret") {
					t.Errorf("a secret is shown: %s", text)
				}
			}
		})
	}
}

func TestCredentialsOnAnOpenWire(t *testing.T) {
	t.Parallel()
	for url, exposed := range map[string]bool{
		"http://no-such-name.invalid": true, "https://no-such-name.invalid": false, "http://127.0.0.1:1": false,
	} {
		c := config(redistest.Embedded(t))
		c.API = newAPI(t, iamport.Config{URL: url, Key: "the-key", Secret: "the-secret"})
		found := examine(t, c)
		if warned := found["portone-tls"].Level == doctor.Warning; warned != exposed {
			t.Errorf("%s: warned %t, want %t: %+v", url, warned, exposed, found)
		}
	}
}

// Without the flag there is no client, and nothing is sent.
func TestCredentialsAreNotSentOnAnOpenWire(t *testing.T) {
	t.Parallel()
	c := config(redistest.Embedded(t))
	c.NoAPI, c.Insecure = errors.New("refused"), true
	examine(t, c).want(t, "portone-tls", wanted{doctor.Failure, "workers do not start"})
}

func TestCredentialsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	c := config(redistest.Embedded(t))
	examine(t, c).want(t, "credentials", wanted{doctor.Unknown, "none are given"})
	c.NoAPI = errors.New("IMP_KEY_FILE: open /nowhere: no such file")
	examine(t, c).want(t, "credentials", wanted{doctor.Failure, "/nowhere"})
}

func TestAccountIsComparedWithTheNamespaces(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		accepted []iamport.Secret // one after the other
		want     wanted
	}{
		"none is known": {nil, wanted{doctor.OK, ""}},
		"the current":   {[]iamport.Secret{iamporttest.DefaultKey}, wanted{doctor.OK, ""}},
		"the former": {
			[]iamport.Secret{iamporttest.DefaultKey, "another"}, wanted{doctor.Warning, "good until 20"},
		},
		"another": {[]iamport.Secret{"another"}, wanted{doctor.Failure, "start one worker with --accept-account"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				for _, key := range test.accepted {
					portone := iamporttest.New(iamporttest.Config{Key: string(key)})
					server := httptest.NewServer(portone)
					t.Cleanup(server.Close)
					t.Cleanup(func() { _ = portone.Close() })
					api, err := iamport.NewClient(iamport.Config{URL: server.URL, Key: key, Secret: iamporttest.DefaultSecret})
					if err != nil {
						t.Fatal(err)
					}
					keeper := account.Keeper{
						Store: account.NewStore(client, "receipt"), API: api, Accept: true,
						Log: slog.New(slog.DiscardHandler), Complain: func(err error) { t.Log(err) },
					}
					if err := keeper.Admit(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				c := config(client)
				c.API = api(t, iamporttest.DefaultKey, iamporttest.DefaultSecret)
				examine(t, c).want(t, "account", test.want)
			})
		})
	}
}
