package iamport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// closing serves a simulator that closes its listener and all its connections
// on the first DELETE, as a process does that dies at work.
func closing(t *testing.T) *iamport.Client {
	t.Helper()
	simulator := iamporttest.New(iamporttest.Config{})
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			server.Listener.Close()
			panic(http.ErrAbortHandler)
		}
		simulator.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	return newClient(t, iamport.Config{URL: server.URL})
}

func TestDeleteThatReachedSomebodyWasSent(t *testing.T) {
	t.Parallel()
	_, err := closing(t).RevokeReceipt(t.Context(), "imp_1")
	var failure *iamport.Error
	if !errors.As(err, &failure) || !failure.Sent {
		t.Errorf("got %v, want an unknown end", err)
	}
}

func TestDeleteThatReachedNobodyWasNotSent(t *testing.T) {
	t.Parallel()
	simulator := iamporttest.New(iamporttest.Config{})
	server := httptest.NewServer(simulator)
	server.Config.SetKeepAlivesEnabled(false) // a call on a kept connection may have arrived
	client := newClient(t, iamport.Config{URL: server.URL})
	if err := client.Authenticate(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Close()

	_, err := client.RevokeReceipt(t.Context(), "imp_1")
	var failure *iamport.Error
	var refused *net.OpError
	if !errors.As(err, &failure) || failure.Op != iamport.OpRevoke || !errors.As(err, &refused) {
		t.Fatalf("got %v, want a refused connection", err)
	}
	if failure.Sent {
		t.Errorf("%v: it is said that it was sent", err)
	}
}

func TestDeleteThatWasCancelledOnItsWayWasSent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	simulator := iamporttest.New(iamporttest.Config{OnCall: func(call iamporttest.Call) {
		if call.Operation == iamporttest.OpRevoke {
			cancel()
		}
	}, Faults: []iamporttest.Rule{{Fault: iamporttest.Hang}}})
	server := httptest.NewServer(simulator)
	t.Cleanup(server.Close)
	t.Cleanup(func() { _ = simulator.Close() })
	_, err := newClient(t, iamport.Config{URL: server.URL}).RevokeReceipt(ctx, "imp_1")
	var failure *iamport.Error
	if !errors.As(err, &failure) || !failure.Sent {
		t.Errorf("got %v, want an unknown end", err)
	}
}

func TestLongTextIsCut(t *testing.T) {
	t.Parallel()
	simulator := iamporttest.New(iamporttest.Config{})
	client, _ := serveCounting(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost:
			simulator.ServeHTTP(w, r)
		case http.MethodDelete:
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, `{"code":-1,"message":%q,"response":null}`, "x"+strings.Repeat("취소", 50_000))
		default:
			fmt.Fprintf(w, `{"code":0,"message":null,"response":{"imp_uid":%q}}`, strings.Repeat("취소", 50_000))
		}
	}))
	calls := map[string]func(context.Context, string) (iamport.Receipt, error){
		"message": client.RevokeReceipt, "quoted answer": client.GetReceipt,
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := call(context.WithoutCancel(t.Context()), "imp_1")
			if err == nil || len(err.Error()) > 5<<10 || len(err.Error()) < 1<<10 || !utf8.ValidString(err.Error()) {
				t.Errorf("got an error of %d bytes, want its beginning: %.200v", len(fmt.Sprint(err)), err)
			}
		})
	}
}
