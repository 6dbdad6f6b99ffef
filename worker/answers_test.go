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

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// row returns a row of the table of answers: whether it ends dead or is tried again,
// the reason, whether the attempt counts, and the evidence about gateway and PortOne.
func row(status outcome.Status, reason outcome.Reason, counted bool, gateway, portone gate.Evidence) verdict {
	return verdict{status: status, reason: reason, counted: counted, gateway: gateway, portone: portone}
}

// wantStatus is the table of answers once more, as its readers know it.
func wantStatus(status int) verdict {
	switch {
	case status == 200, status == 404:
		return row(outcome.Dead, outcome.ReasonRefused, true, gate.Silent, gate.Answered)
	case status == 400:
		return row(outcome.Dead, outcome.ReasonNotIssued, true, gate.Silent, gate.Answered)
	case status == 401, status == 403:
		return row(outcome.Retrying, outcome.ReasonUnauthorized, false, gate.Silent, gate.Failed)
	case status == 408, status == 425, status == 429:
		return row(outcome.Retrying, outcome.ReasonRateLimited, false, gate.Silent, gate.Silent)
	case status > 400 && status < 500:
		return row(outcome.Dead, outcome.ReasonRefused, true, gate.Silent, gate.Answered)
	case status == 500:
		return row(outcome.Retrying, outcome.ReasonPGFailure, true, gate.Failed, gate.Answered)
	case status == 501:
		return row(outcome.Dead, outcome.ReasonUnsupportedGateway, true, gate.Answered, gate.Answered)
	}
	return row(outcome.Retrying, outcome.ReasonUnreachable, true, gate.Failed, gate.Silent)
}

func TestEveryStatusHasItsVerdict(t *testing.T) {
	t.Parallel()
	for status := 100; status <= 599; status++ {
		code := -1
		for _, failure := range []*iamport.Error{
			{Op: iamport.OpRevoke, Status: status, Code: &code, Message: "이미 취소된 건입니다"},
			{Op: iamport.OpRevoke, Status: status}, // without an envelope
		} {
			if got, want := judge(failure), wantStatus(status); got != want {
				t.Errorf("HTTP %d: got %+v, want %+v", status, got, want)
			}
		}
	}
}

func TestUnusableAnswerIsUnreachable(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"timeout":             context.DeadlineExceeded,
		"timeout of the net":  &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded},
		"cut connection":      io.EOF,
		"cut body":            io.ErrUnexpectedEOF,
		"reset":               &url.Error{Op: "Delete", Err: syscall.ECONNRESET},
		"refused connection":  &url.Error{Op: "Delete", Err: syscall.ECONNREFUSED},
		"unknown host":        &net.DNSError{Err: "no such host", IsNotFound: true},
		"something else":      errors.New("tls: bad certificate"),
		"context was stopped": context.Canceled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{0, 200} {
				got := judge(&iamport.Error{Op: iamport.OpRevoke, Status: status, Err: err})
				if got.status != outcome.Retrying || got.reason != outcome.ReasonUnreachable || !got.counted {
					t.Errorf("status %d: got %+v", status, got)
				}
			}
			if got := judge(err); got.status != outcome.Retrying {
				t.Errorf("bare error: got %+v", got)
			}
		})
	}
}

func TestWithoutATokenNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	for status := 0; status <= 599; status++ {
		got := judge(&iamport.Error{Op: iamport.OpToken, Status: status})
		if got.status != outcome.Retrying || got.counted {
			t.Errorf("HTTP %d: got %+v, want a retry that does not count", status, got)
		}
	}
	if got := judge(&iamport.Error{Op: iamport.OpToken, Status: 401}).reason; got != outcome.ReasonUnauthorized {
		t.Errorf("refused credentials: got %s", got)
	}
	if got := judge(&iamport.Error{Op: iamport.OpToken, Status: 503}).reason; got != outcome.ReasonUnreachable {
		t.Errorf("unavailable: got %s", got)
	}
}

func TestLookupIsConclusiveWhenPortOneAnswered(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]bool{
		200: true, 400: true, 404: true, 500: true, 501: true,
		0: false, 302: false, 401: false, 403: false, 408: false, 429: false, 502: false, 503: false, 504: false,
	} {
		if got := conclusive(&iamport.Error{Op: iamport.OpLookup, Status: status}); got != want {
			t.Errorf("HTTP %d: got %t, want %t", status, got, want)
		}
	}
	if conclusive(&iamport.Error{Op: iamport.OpLookup, Status: 200, Err: io.ErrUnexpectedEOF}) {
		t.Error("a cut answer is taken for one")
	}
	if conclusive(&iamport.Error{Op: iamport.OpToken, Status: 400}) {
		t.Error("a refused token is taken for an answer about the payment")
	}
}
