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

// wantSigns is what an answer says about the gates, as its readers know it.
func wantSigns(status int) (gateway, portone gate.Evidence) {
	switch {
	case status == 200:
		return gate.Answered, gate.Answered
	case status == 401, status == 403:
		return gate.Silent, gate.Failed
	case status == 408, status == 425, status == 429:
		return gate.Silent, gate.Silent
	case status == 500:
		return gate.Failed, gate.Answered
	case status >= 400 && status < 500, status == 501:
		return gate.Refused, gate.Answered
	}
	return gate.Failed, gate.Silent
}

func TestEveryStatusSaysSomethingAboutTheGates(t *testing.T) {
	t.Parallel()
	for status := 100; status <= 599; status++ {
		got := signs(&iamport.Error{Op: iamport.OpRevoke, Status: status})
		if gateway, portone := wantSigns(status); got.Gateway != gateway || got.PortOne != portone {
			t.Errorf("HTTP %d: got %+v, want %d and %d", status, got, gateway, portone)
		}
		if (got.Gateway >= gate.Failed || got.PortOne >= gate.Failed) != (got.Cause != "") {
			t.Errorf("HTTP %d: cause %q", status, got.Cause)
		}
		want := gate.Signs{PortOne: gate.Down}
		if status == 429 {
			want = gate.Signs{}
		}
		got = signs(&iamport.Error{Op: iamport.OpToken, Status: status})
		if got.Cause = ""; got != want {
			t.Errorf("HTTP %d for a token: got %+v, want %+v", status, got, want)
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
