package iamport_test

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

var errPaused = errors.New("paused")

// TestDeleteLeavesOnlyIfAllowed sees a caller change its mind at each moment before a
// DELETE leaves.
func TestDeleteLeavesOnlyIfAllowed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rules   []iamporttest.Rule
		forbid  iamporttest.Operation // from this call on the DELETE is not allowed; empty for at once
		deletes int64
		allowed bool
	}{
		"always":                            {allowed: true, forbid: "never", deletes: 1},
		"never":                             {},
		"while the token comes":             {forbid: iamporttest.OpToken},
		"while the token is refused":        {forbid: iamporttest.OpRevoke, rules: []iamporttest.Rule{{Fault: iamporttest.ExpireToken, Times: 1}}, deletes: 1},
		"while PortOne is at work, so done": {forbid: iamporttest.OpRevoke, deletes: 1, allowed: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var forbidden atomic.Bool
			var deletes atomic.Int64
			forbidden.Store(test.forbid == "")
			portone := iamporttest.New(iamporttest.Config{Faults: test.rules, OnCall: func(call iamporttest.Call) {
				if call.Operation == iamporttest.OpRevoke {
					deletes.Add(1)
				}
				if call.Operation == test.forbid {
					forbidden.Store(true)
				}
			}})
			portone.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
			server := httptest.NewServer(portone)
			t.Cleanup(server.Close)
			_, err := newClient(t, iamport.Config{URL: server.URL}).RevokeIf(t.Context(), "imp_1", func(context.Context) error {
				if forbidden.Load() {
					return errPaused
				}
				return nil
			})
			var refused *iamport.NotAllowedError
			if errors.As(err, &refused) == test.allowed || errors.Is(err, errPaused) == test.allowed || (err == nil) != test.allowed {
				t.Errorf("got %v", err)
			}
			if got := deletes.Load(); got != test.deletes {
				t.Errorf("%d DELETE calls, want %d", got, test.deletes)
			}
		})
	}
}

// TestDeleteThatWaitsForItsConnectionIsAskedFor sees a caller change its mind while a
// connection does not come about.
func TestDeleteThatWaitsForItsConnectionIsAskedFor(t *testing.T) {
	t.Parallel()
	portone := httptest.NewUnstartedServer(iamporttest.New(iamporttest.Config{}))
	portone.Config.SetKeepAlivesEnabled(false)
	portone.Start()
	t.Cleanup(portone.Close)
	client, end := newClient(t, iamport.Config{URL: portone.URL}), make(chan struct{})
	t.Cleanup(func() { close(end) })
	var dials, asked atomic.Int64
	iamport.SetDial(client, func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) > 1 { // after that for the token
			<-end
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	})
	_, err := client.RevokeIf(t.Context(), "imp_1", func(context.Context) error {
		if asked.Add(1) > 2 {
			return errPaused
		}
		return nil
	})
	var failure *iamport.Error
	var refused *iamport.NotAllowedError
	if !errors.As(err, &failure) || failure.Sent || !errors.As(err, &refused) || !errors.Is(err, errPaused) || asked.Load() != 3 {
		t.Errorf("got %+v, asked %d times", err, asked.Load())
	}
}
