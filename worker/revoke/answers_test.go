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
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// retried returns a row that is tried again.
func retried(reason outcome.Reason, c counting, e effect, gateway, portone gate.Evidence) verdict {
	return verdict{outcome.Retrying, reason, c, e, gateway, portone}
}

// givenUp returns a row that PortOne answered itself.
func givenUp(reason outcome.Reason, gateway gate.Evidence) verdict {
	return verdict{outcome.Dead, reason, counted, none, gateway, gate.Answered}
}

// wantStatus is the table of answers once more, as its readers know it. ours tells that
// the answer is PortOne's own.
func wantStatus(status int, ours bool) verdict {
	switch {
	case !ours && status >= 400 && status < 500:
		return retried(outcome.ReasonUnreachable, counted, unseen, gate.Silent, gate.Failed)
	case !ours:
	case status == 400:
		return givenUp(outcome.ReasonNotIssued, gate.Silent)
	case status == 401, status == 403:
		return retried(outcome.ReasonUnauthorized, turnedAway, none, gate.Silent, gate.Failed)
	case status == 408, status == 425, status == 429:
		return retried(outcome.ReasonRateLimited, turnedAway, none, gate.Silent, gate.Limited)
	case status == 200, status > 400 && status < 500:
		return givenUp(outcome.ReasonRefused, gate.Silent)
	case status == 500:
		return retried(outcome.ReasonPGFailure, counted, none, gate.Failed, gate.Answered)
	case status == 501:
		return givenUp(outcome.ReasonUnsupportedGateway, gate.Answered)
	}
	return retried(outcome.ReasonUnreachable, counted, unseen, gate.Failed, gate.Silent)
}

// answerOf returns the failure of a call that had an answer.
func answerOf(op iamport.Op, status int, ours bool) *iamport.Error {
	failure := &iamport.Error{Op: op, Status: status, Sent: true, Message: "이미 취소된 건입니다"}
	if ours {
		failure.Code = new(-1)
	} else {
		failure.Err = errors.New("read the answer: invalid character '<'")
	}
	return failure
}

func TestEveryStatusHasItsVerdict(t *testing.T) {
	t.Parallel()
	for status := 100; status <= 599; status++ {
		for _, ours := range []bool{true, false} {
			for _, op := range []iamport.Op{iamport.OpRevoke, iamport.OpLookup} {
				if got, want := judge(answerOf(op, status, ours)), wantStatus(status, ours); got != want {
					t.Errorf("%s, HTTP %d, PortOne's own %t: got %+v, want %+v", op, status, ours, got, want)
				}
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
				for _, code := range []*int{nil, new(0)} { // with a receipt that cannot be used
					got := judge(&iamport.Error{Op: iamport.OpRevoke, Status: status, Code: code, Sent: true, Err: err})
					if want := wantStatus(502, false); got != want {
						t.Errorf("status %d: got %+v, want %+v", status, got, want)
					}
				}
			}
			got := judge(&iamport.Error{Op: iamport.OpRevoke, Err: err})
			if want := retried(outcome.ReasonUnreachable, counted, none, gate.Silent, gate.Failed); got != want {
				t.Errorf("not sent: got %+v, want %+v", got, want)
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
		for _, ours := range []bool{true, false} {
			got, want := judge(answerOf(iamport.OpToken, status, ours)), outcome.ReasonUnreachable
			switch {
			case status == 429:
				want = outcome.ReasonRateLimited
			case ours && (status == 200 || status >= 400 && status < 500):
				want = outcome.ReasonUnauthorized
			}
			if got.status != outcome.Retrying || got.reason != want || got.counting != uncounted || got.effect != none {
				t.Errorf("HTTP %d, PortOne's own %t: got %+v, want %s, not counted", status, ours, got, want)
			}
		}
	}
}

// of returns an attempt on a receipt of a gateway.
func of(pg tasks.Gateway) *outcome.Attempt {
	return &outcome.Attempt{Revocation: tasks.Revocation{PG: pg}}
}

func TestLookupIsConclusiveWhereItsAnswerIsDocumented(t *testing.T) {
	t.Parallel()
	for status := 100; status <= 599; status++ {
		for _, ours := range []bool{true, false} {
			l := newLooked(iamport.Receipt{}, answerOf(iamport.OpLookup, status, ours))
			for _, pg := range []tasks.Gateway{tasks.KCP, "", "not_yet_born"} {
				if got, want := l.conclusive(of(pg)), ours && (status == 200 || status == 404); got != want {
					t.Errorf("HTTP %d of %q, PortOne's own %t: got %t", status, pg, ours, got)
				}
			}
			if got, want := l.conclusive(of(tasks.Settle)), wantStatus(status, ours).counting != turnedAway; got != want {
				t.Errorf("HTTP %d without lookups, PortOne's own %t: got %t, want %t", status, ours, got, want)
			}
			if l.neverIssued != (ours && status == 404) {
				t.Errorf("HTTP %d, PortOne's own %t: got never issued %t", status, ours, l.neverIssued)
			}
		}
	}
	for name, err := range map[string]error{
		"cut answer":      &iamport.Error{Op: iamport.OpLookup, Status: 200, Sent: true, Err: io.ErrUnexpectedEOF},
		"unusable answer": &iamport.Error{Op: iamport.OpLookup, Status: 200, Code: new(0), Sent: true, Err: io.EOF},
		"no token":        answerOf(iamport.OpToken, 404, true),
		"no answer":       &iamport.Error{Op: iamport.OpLookup, Sent: true, Err: io.EOF},
		"bare error":      io.EOF,
	} {
		if newLooked(iamport.Receipt{}, err).conclusive(of(tasks.KCP)) {
			t.Errorf("%s is conclusive", name)
		}
	}
	if !newLooked(iamport.Receipt{ImpUID: "imp_1"}, nil).conclusive(of(tasks.KCP)) {
		t.Error("a receipt is not conclusive")
	}
}

func TestLookupPutsADeleteOff(t *testing.T) {
	t.Parallel()
	later := func(err *iamport.Error) *iamport.Error { err.RetryAfter = time.Second; return err }
	for name, test := range map[string]struct {
		err  *iamport.Error
		want bool
	}{
		"429":                   {answerOf(iamport.OpLookup, 429, true), true},
		"503, Retry-After":      {later(answerOf(iamport.OpLookup, 503, false)), true},
		"page 429, Retry-After": {later(answerOf(iamport.OpLookup, 429, false)), true},
		"page 429":              {answerOf(iamport.OpLookup, 429, false), false},
		"503":                   {answerOf(iamport.OpLookup, 503, false), false},
		"403":                   {answerOf(iamport.OpLookup, 403, true), false},
		// Of a token the DELETE will tell the gates.
		"token 429": {later(answerOf(iamport.OpToken, 429, true)), false},
	} {
		if got := newLooked(iamport.Receipt{}, test.err).putsOff; got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
