package worker

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
		got, want := signs(&iamport.Error{Op: iamport.OpRevoke, Status: status}), wantStatus(status)
		if got.Gateway != want.gateway || got.PortOne != want.portone {
			t.Errorf("HTTP %d: got %+v, want %d and %d", status, got, want.gateway, want.portone)
		}
		if (got.Gateway >= gate.Failed || got.PortOne >= gate.Failed) && got.Cause == "" {
			t.Errorf("HTTP %d: no cause", status)
		}
		portone := gate.Down
		if status == 429 {
			portone = gate.Silent
		}
		got = signs(&iamport.Error{Op: iamport.OpToken, Status: status})
		if got.Gateway != gate.Silent || got.PortOne != portone {
			t.Errorf("HTTP %d for a token: got %+v, want %d of PortOne", status, got, portone)
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
		gateway, portone gate.Evidence
	}{
		"timeout":            {context.DeadlineExceeded, gate.Failed, gate.Silent},
		"cut connection":     {io.EOF, gate.Failed, gate.Silent},
		"reset":              {&net.OpError{Op: "read", Err: syscall.ECONNRESET}, gate.Failed, gate.Silent},
		"refused connection": {&url.Error{Op: "Delete", Err: refused}, gate.Silent, gate.Failed},
		"unknown host":       {&url.Error{Op: "Delete", Err: &net.DNSError{Err: "no such host"}}, gate.Silent, gate.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := signs(&iamport.Error{Op: iamport.OpRevoke, Err: test.err})
			if got.Gateway != test.gateway || got.PortOne != test.portone {
				t.Errorf("got %+v, want %d and %d", got, test.gateway, test.portone)
			}
		})
	}
}
