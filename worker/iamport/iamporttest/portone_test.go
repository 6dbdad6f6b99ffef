package iamporttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"receiptrevoker/worker/iamport/iamporttest"
)

// portone is a simulator, listening, and a client of it that knows nothing but
// net/http.
type portone struct {
	*iamporttest.Server
	t      *testing.T
	url    string
	client *http.Client
	bearer string
}

// start returns a simulator that behaves as cfg says, and a valid token for it.
func start(t *testing.T, cfg iamporttest.Config) *portone {
	t.Helper()
	server := iamporttest.New(cfg)
	listener := httptest.NewServer(server)
	t.Cleanup(listener.Close)
	t.Cleanup(func() { server.Close() })
	client := listener.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := &portone{Server: server, t: t, url: listener.URL, client: client}
	p.bearer = p.token()
	return p
}

// reply is what came back of a call.
type reply struct {
	status int
	header http.Header
	text   string
	body   struct {
		Code     *int
		Message  json.RawMessage
		Response map[string]any
	}
	err error // of sending, or of reading the body
}

// call sends a request with the token, and reads the answer whole.
func (p *portone) call(ctx context.Context, method, path, body string) reply {
	p.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+p.bearer)
	}
	response, err := p.client.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	got := reply{status: response.StatusCode, header: response.Header, text: string(text), err: err}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") && err == nil {
		if err := json.Unmarshal(text, &got.body); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return got
}

func (p *portone) revoke(impUID string) reply {
	p.t.Helper()
	return p.call(p.t.Context(), http.MethodDelete, "/receipts/"+impUID, "")
}

func (p *portone) lookup(impUID string) reply {
	p.t.Helper()
	return p.call(p.t.Context(), http.MethodGet, "/receipts/"+impUID, "")
}

// token returns a valid token.
func (p *portone) token() string {
	p.t.Helper()
	got := p.call(p.t.Context(), http.MethodPost, "/users/getToken",
		`{"imp_key":"`+iamporttest.DefaultKey+`","imp_secret":"`+iamporttest.DefaultSecret+`"}`)
	token, _ := got.body.Response["access_token"].(string)
	if token == "" {
		p.t.Fatalf("no token in %d %s: %v", got.status, got.text, got.err)
	}
	return token
}

// truth returns the truth about impUID, which must be known.
func (p *portone) truth(impUID string) iamporttest.Truth {
	p.t.Helper()
	truth, ok := p.Truth(impUID)
	if !ok {
		p.t.Fatalf("nothing is known of %s", impUID)
	}
	return truth
}

// wantStatus fails the test unless got is an answer with that status.
func wantStatus(t *testing.T, got reply, want int) {
	t.Helper()
	if got.err != nil || got.status != want {
		t.Fatalf("got status %d, error %v, want status %d; body: %s", got.status, got.err, want, got.text)
	}
}

// wantCut fails the test unless the connection was cut.
func wantCut(t *testing.T, got reply) {
	t.Helper()
	if !errors.Is(got.err, io.EOF) && !errors.Is(got.err, io.ErrUnexpectedEOF) {
		t.Fatalf("got status %d, error %v, want a cut connection", got.status, got.err)
	}
}
