package iamport_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// portone is a simulator that listens, and a client of it.
type portone struct {
	*iamporttest.Server
	client *iamport.Client
}

// start returns a simulator that behaves as cfg says, on a real socket.
func start(t *testing.T, cfg iamporttest.Config) portone {
	t.Helper()
	p := portone{Server: iamporttest.New(cfg)}
	p.client = serve(t, p, iamport.Config{})
	t.Cleanup(func() { p.Close() })
	return p
}

// startInMemory returns a simulator for a test within a synctest bubble.
func startInMemory(t *testing.T, cfg iamporttest.Config) portone {
	t.Helper()
	p := portone{Server: iamporttest.New(cfg)}
	p.client = serveInMemory(t, p, iamport.Config{})
	t.Cleanup(func() { p.Close() })
	return p
}

// truth returns the truth about impUID, which must be known.
func (p portone) truth(t *testing.T, impUID string) iamporttest.Truth {
	t.Helper()
	truth, ok := p.Truth(impUID)
	if !ok {
		t.Fatalf("nothing is known of %s", impUID)
	}
	return truth
}

// serve returns a client of handler on a real socket. The config needs neither
// address nor credentials.
func serve(t *testing.T, handler http.Handler, config iamport.Config) *iamport.Client {
	t.Helper()
	listener := httptest.NewServer(handler)
	t.Cleanup(listener.Close)
	config.URL = listener.URL + config.URL
	return newClient(t, config)
}

// serveInMemory returns a client of handler within a synctest bubble.
func serveInMemory(t *testing.T, handler http.Handler, config iamport.Config) *iamport.Client {
	t.Helper()
	listener := &memory{dialed: make(chan net.Conn), closed: make(chan struct{})}
	server, done := &http.Server{Handler: handler}, make(chan struct{})
	go func() { defer close(done); server.Serve(listener) }()
	t.Cleanup(func() { server.Close(); <-done })
	config.URL = "http://127.0.0.1" + config.URL // which no proxy is asked for
	client := newClient(t, config)
	iamport.SetDial(client, listener.dial)
	return client
}

func newClient(t *testing.T, config iamport.Config) *iamport.Client {
	t.Helper()
	config.Key = cmp.Or(config.Key, iamporttest.DefaultKey)
	config.Secret = cmp.Or(config.Secret, iamporttest.DefaultSecret)
	client, err := iamport.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// memory is a net.Listener whose connections are pipes.
type memory struct {
	dialed chan net.Conn
	closed chan struct{}
}

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case m.dialed <- theirs:
		return ours, nil
	case <-m.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.dialed:
		return conn, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { close(m.closed); return nil }
func (m *memory) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

// givenToken is the token of a server made by [answering].
const givenToken = "0123456789abcdef-given"

// givenAnswer is what that server answers to a call for a token.
const givenAnswer = `{"code":0,"message":null,"response":` +
	`{"access_token":"` + givenToken + `","now":1512446940,"expired_at":1512448740}}`

// answering returns a PortOne that gives a token out and leaves the calls on
// receipts to answer.
func answering(answer http.HandlerFunc) http.Handler {
	return answeringBoth(saying(http.StatusOK, givenAnswer), answer)
}

// answeringBoth returns a PortOne that leaves the calls for a token to token,
// and those on receipts to answer.
func answeringBoth(token, answer http.HandlerFunc) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /users/getToken", token)
	mux.HandleFunc("/receipts/{imp_uid}", answer)
	return mux
}

// saying returns a handler that always answers the same.
func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// calls are those on a receipt, by the operation that their errors name.
var calls = map[iamport.Op]func(*iamport.Client, context.Context, string) (iamport.Receipt, error){
	iamport.OpRevoke: (*iamport.Client).RevokeReceipt,
	iamport.OpLookup: (*iamport.Client).GetReceipt,
}

// failure returns the facts of err, which must be an *Error.
func failure(t *testing.T, err error) iamport.Error {
	t.Helper()
	var failed *iamport.Error
	if !errors.As(err, &failed) {
		t.Fatalf("got error %v, want an *iamport.Error", err)
	}
	return *failed
}
