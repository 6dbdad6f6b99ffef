package revoke

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

func TestEveryStatusSaysSomethingAboutTheGates(t *testing.T) {
	t.Parallel()
	for status := 100; status <= 599; status++ {
		for _, ours := range []bool{true, false} {
			got, want := signs(answerOf(iamport.OpRevoke, status, ours)), wantStatus(status, ours)
			if got.Gateway != want.gateway || got.PortOne != want.portone {
				t.Errorf("HTTP %d: got %+v, want %d and %d", status, got, want.gateway, want.portone)
			}
			if (got.Gateway >= gate.Failed || got.PortOne >= gate.Failed) && got.Cause == "" {
				t.Errorf("HTTP %d: no cause", status)
			}
			portone := gate.Down
			if status == 429 {
				portone = gate.Limited
			}
			got = signs(answerOf(iamport.OpToken, status, ours))
			if got.Gateway != gate.Silent || got.PortOne != portone {
				t.Errorf("HTTP %d for a token: got %+v, want %d of PortOne", status, got, portone)
			}
		}
	}
	if got := signs(nil); got != (gate.Signs{Gateway: gate.Answered, PortOne: gate.Answered}) {
		t.Errorf("success: got %+v", got)
	}
	if got := signs(errors.New("of somebody else")); got != (gate.Signs{}) {
		t.Errorf("another error: got %+v", got)
	}
}

func TestWithoutAnAnswerItIsTheGatewayOrPortOne(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for name, test := range map[string]struct {
		err              error
		sent             bool
		gateway, portone gate.Evidence
		cause            string
	}{
		"timeout":        {context.DeadlineExceeded, true, gate.Failed, gate.Silent, "unreachable"},
		"cut connection": {io.EOF, true, gate.Failed, gate.Silent, "unreachable"},
		"reset": {
			&net.OpError{Op: "read", Err: syscall.ECONNRESET}, true, gate.Failed, gate.Silent, "unreachable",
		},
		"no way there": {context.DeadlineExceeded, false, gate.Silent, gate.Failed, "context deadline exceeded"},
		"refused connection": {
			&url.Error{Op: "Delete", URL: "/imp_1", Err: refused}, false, gate.Silent, gate.Failed, refused.Error(),
		},
		"unknown host": {
			&url.Error{Op: "Delete", URL: "/imp_1", Err: &net.DNSError{Err: "no such host"}}, false,
			gate.Silent, gate.Failed, "lookup : no such host",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := signs(&iamport.Error{Op: iamport.OpRevoke, Sent: test.sent, Err: test.err})
			want := gate.Signs{Gateway: test.gateway, PortOne: test.portone, Cause: test.cause}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}
