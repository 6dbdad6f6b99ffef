package iamport_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// serveCounting returns a client of handler, and the number of connections that
// were opened.
func serveCounting(t *testing.T, handler http.Handler) (*iamport.Client, *atomic.Int64) {
	t.Helper()
	var opened atomic.Int64
	listener := httptest.NewUnstartedServer(handler)
	listener.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	listener.Start()
	t.Cleanup(listener.Close)
	return newClient(t, iamport.Config{URL: listener.URL}), &opened
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	const callers, rounds = 50, 10
	var first sync.WaitGroup // the first call of all callers: as many connections as can be needed
	first.Add(callers)
	var arrived atomic.Int64
	simulator := iamporttest.New(iamporttest.Config{OnCall: func(call iamporttest.Call) {
		if call.Operation == iamporttest.OpRevoke && arrived.Add(1) <= callers {
			first.Done()
			first.Wait()
		}
	}})
	client, opened := serveCounting(t, simulator)
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for round := range rounds {
				impUID := fmt.Sprintf("imp_%d_%d", caller, round)
				simulator.Issue(iamporttest.Receipt{ImpUID: impUID})
				if _, err := client.RevokeReceipt(t.Context(), impUID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := opened.Load(); got != callers {
		t.Errorf("got %d connections for %d callers, want as many", got, callers)
	}
	if got := simulator.Stats().Revoked; got != callers*rounds {
		t.Errorf("got %d receipts revoked, want %d", got, callers*rounds)
	}
}

func TestConnectionIsReusedAfter(t *testing.T) {
	t.Parallel()
	for _, fault := range []iamporttest.Fault{
		iamporttest.BadRequest, iamporttest.Unauthorized, iamporttest.NotFound, iamporttest.TooManyRequests,
		iamporttest.GatewayFailed, iamporttest.Unsupported, iamporttest.BadGateway, iamporttest.Unavailable,
		iamporttest.RefusedCode, iamporttest.NotJSON, iamporttest.NoResponse, iamporttest.Redirect,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			simulator := iamporttest.New(iamporttest.Config{Faults: []iamporttest.Rule{{Fault: fault}}})
			simulator.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
			client, opened := serveCounting(t, simulator)
			for range 20 {
				client.RevokeReceipt(t.Context(), "imp_1")
			}
			if got := simulator.Stats().Faults[fault]; got < 20 {
				t.Errorf("got the fault %d times, want at least 20", got)
			}
			// net/http drops a connection if an answer comes 50 ms before it knows that the
			// request was written, as it may on a busy machine.
			if got := opened.Load(); got > 4 {
				t.Errorf("got %d connections for 20 calls, want 1", got)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	listener := httptest.NewServer(answering(saying(200, "")))
	client := newClient(t, iamport.Config{URL: listener.URL})
	gone := newClient(t, iamport.Config{URL: listener.URL})
	if err := client.Authenticate(t.Context()); err != nil {
		t.Fatal(err)
	}
	listener.Close()
	for client, want := range map[*iamport.Client]iamport.Op{gone: iamport.OpToken, client: iamport.OpLookup} {
		_, err := client.GetReceipt(t.Context(), "imp_1")
		var network *net.OpError
		if got := failure(t, err); got.Op != want || got.Status != 0 || !errors.As(err, &network) {
			t.Errorf("got %+v, want %s, no status, a *net.OpError", got, want)
		}
	}
}

// TestBodyLimit reads answers that are, to the byte, as large as may be.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	const success = `{"code":0,"response":{"imp_uid":"imp_1"}}`
	const tooLarge = "HTTP 200: read the answer: the answer is larger than 1 MiB"
	tests := []struct {
		name   string
		status int
		size   int
		want   string // how the error goes on after the imp_uid
	}{
		{"1 MiB is read", 200, limit, ""},
		{"a byte more is not", 200, limit + 1, tooLarge},
		{"much more is not", 200, 5 * limit, tooLarge},
		{"nor with another status", 400, limit + 1, "HTTP 400: read the answer: the answer is larger than 1 MiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := success + strings.Repeat(" ", test.size-len(success))
			client := serve(t, answering(saying(test.status, body)), iamport.Config{})
			for op, call := range calls {
				got, err := call(client, t.Context(), "imp_1")
				want := "iamport: " + string(op) + " imp_1: " + test.want
				switch {
				case test.want == "":
					if err != nil || got.ImpUID != "imp_1" {
						t.Errorf("%s: got %+v, error %v, want a receipt", op, got, err)
					}
				case err == nil || err.Error() != want:
					t.Errorf("got error %v, want %s", err, want)
				}
			}
		})
	}
}

// TestEndlessErrorEnds lets no time pass, so that only the limit can end the
// reading. For a success the fault endless does the same.
func TestEndlessErrorEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := serveInMemory(t, answering(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(503)
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 16<<10)); err != nil {
					return
				}
			}
		}), iamport.Config{})
		_, err := client.RevokeReceipt(t.Context(), "imp_1")
		if got := failure(t, err); got.Status != 503 || got.Code != nil {
			t.Errorf("got %+v, want status 503 alone", got)
		}
	})
}
