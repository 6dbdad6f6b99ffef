package iamport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// faultTest is what a client says to a fault.
type faultTest struct {
	rule iamporttest.Rule
	// want is the error of a revocation, nil if there is none. Its Op, ImpUID
	// and Err are left out.
	want *iamport.Error
	// cause is what the error matches, if it is known, and text the error's own.
	cause error
	text  string
	// calls is how many calls on the receipt are made. Default 1.
	calls   int
	revoked bool
	// later is whether it is revoked, if not at once.
	later bool
	// takes is how long it takes.
	takes time.Duration
}

const (
	neverIssued  = "현금영수증 발급 내역이 존재하지 않습니다."
	unauthorized = "인증 토큰이 유효하지 않습니다."
)

// answered returns the facts of an answer in an envelope with code -1.
func answered(status int, message string) *iamport.Error {
	return &iamport.Error{Status: status, Code: new(-1), Message: message, Sent: true}
}

func faultTests() []faultTest {
	slowDown := answered(429, "요청이 너무 많습니다.")
	slowDownFor := *slowDown
	slowDownFor.RetryAfter = 2 * time.Second
	lost := &iamport.Error{Sent: true}
	garbled := &iamport.Error{Status: 200, Sent: true}
	const html = "read the answer: invalid character '<' looking for beginning of value"
	return []faultTest{
		{rule: iamporttest.Rule{Fault: iamporttest.BadRequest}, want: answered(400, neverIssued)},
		{rule: iamporttest.Rule{Fault: iamporttest.Unauthorized}, want: answered(401, unauthorized), calls: 2},
		{rule: iamporttest.Rule{Fault: iamporttest.Unauthorized, Times: 1}, calls: 2, revoked: true},
		{rule: iamporttest.Rule{Fault: iamporttest.Forbidden}, want: answered(403, "접근 권한이 없습니다.")},
		{rule: iamporttest.Rule{Fault: iamporttest.NotFound}, want: answered(404, neverIssued)},
		{rule: iamporttest.Rule{Fault: iamporttest.TooManyRequests}, want: slowDown},
		{rule: iamporttest.Rule{Fault: iamporttest.TooManyRequests, RetryAfter: 1500 * time.Millisecond}, want: &slowDownFor},
		{
			rule: iamporttest.Rule{Fault: iamporttest.GatewayFailed},
			want: answered(500, "현금영수증 취소에 실패하였습니다. PG사에 문의해 주세요."),
		},
		{rule: iamporttest.Rule{Fault: iamporttest.Unsupported}, want: answered(501, "현금영수증을 지원하지 않는 PG사입니다.")},
		{
			rule: iamporttest.Rule{Fault: iamporttest.BadGateway},
			want: &iamport.Error{Status: 502, Sent: true}, text: html,
		},
		{
			rule: iamporttest.Rule{Fault: iamporttest.Unavailable},
			want: &iamport.Error{Status: 503, Sent: true}, text: html,
		},
		{
			rule: iamporttest.Rule{Fault: iamporttest.Unavailable, RetryAfter: time.Minute},
			want: &iamport.Error{Status: 503, RetryAfter: time.Minute, Sent: true}, text: html,
		},
		{
			rule: iamporttest.Rule{Fault: iamporttest.Page(404)},
			want: &iamport.Error{Status: 404, Sent: true}, text: html,
		},
		{ // any token may be meant, and the call may have been carried out
			rule: iamporttest.Rule{Fault: iamporttest.Page(401)},
			want: &iamport.Error{Status: 401, Sent: true}, text: html,
		},
		{rule: iamporttest.Rule{Fault: iamporttest.Conflict}, want: answered(409, "처리 중인 요청이 있습니다.")},
		{rule: iamporttest.Rule{Fault: iamporttest.ExpireToken}, want: answered(401, unauthorized), calls: 2},
		{rule: iamporttest.Rule{Fault: iamporttest.ExpireToken, Times: 1}, calls: 2, revoked: true},
		{rule: iamporttest.Rule{Fault: iamporttest.RefusedCode}, want: answered(200, "현금영수증을 취소할 수 없습니다.")},
		{
			rule: iamporttest.Rule{Fault: iamporttest.NotJSON}, want: garbled,
			text: "read the answer: invalid character 'O' looking for beginning of value",
		},
		{rule: iamporttest.Rule{Fault: iamporttest.NoResponse}, revoked: true},
		{
			rule: iamporttest.Rule{Fault: iamporttest.Redirect},
			want: &iamport.Error{Status: 302, Sent: true},
			text: "read the answer: unexpected end of JSON input",
		},
		{rule: iamporttest.Rule{Fault: iamporttest.CutBefore}, want: lost, cause: io.EOF},
		{rule: iamporttest.Rule{Fault: iamporttest.CutAfter}, want: lost, cause: io.EOF, revoked: true},
		{rule: iamporttest.Rule{Fault: iamporttest.CutLate}, want: lost, cause: io.EOF, later: true},
		{
			rule: iamporttest.Rule{Fault: iamporttest.CutBody}, want: garbled,
			cause: io.ErrUnexpectedEOF, text: "read the answer: unexpected EOF", revoked: true,
		},
		{
			rule: iamporttest.Rule{Fault: iamporttest.SlowAfter}, want: lost,
			cause: context.DeadlineExceeded, revoked: true, takes: time.Minute,
		},
		{
			rule:    iamporttest.Rule{Fault: iamporttest.SlowAfter, Delay: 59 * time.Second},
			revoked: true, takes: 59 * time.Second,
		},
		{rule: iamporttest.Rule{Fault: iamporttest.Hang}, want: lost, cause: context.DeadlineExceeded, takes: time.Minute},
		{
			rule: iamporttest.Rule{Fault: iamporttest.Endless}, want: garbled,
			text: "read the answer: the answer is larger than 1 MiB", revoked: true,
		},
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := faultTests()
	for _, fault := range iamporttest.Faults() {
		if !slices.ContainsFunc(tests, func(test faultTest) bool { return test.rule.Fault == fault }) {
			t.Errorf("fault %s is not tested", fault)
		}
	}
	for _, test := range tests {
		t.Run(test.rule.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test.run(t, iamport.OpRevoke) })
		})
		lookup := test.ofLookup()
		t.Run(lookup.rule.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { lookup.run(t, iamport.OpLookup) })
		})
	}
}

// ofLookup returns what a client says to the same fault of a lookup, which revokes
// nothing.
func (test faultTest) ofLookup() faultTest {
	test.rule.Lookup, test.revoked, test.later = true, false, false
	if test.rule.Fault == iamporttest.NoResponse {
		test.want = &iamport.Error{Status: 200, Code: new(0), Sent: true}
		test.text = "read the answer: the answer describes no receipt"
	}
	switch test.rule.Fault {
	case iamporttest.CutBefore, iamporttest.CutAfter, iamporttest.CutLate:
		test.calls = 2 // net/http itself repeats a GET whose used connection was cut
	}
	return test
}

// run makes a call to which the fault happens, within a synctest bubble.
func (test faultTest) run(t *testing.T, op iamport.Op) {
	p := startInMemory(t, iamporttest.Config{Faults: []iamporttest.Rule{test.rule}})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	begin := time.Now()
	receipt, err := calls[op](p.client, t.Context(), "imp_1")
	if took := time.Since(begin); took != test.takes {
		t.Errorf("got an end after %v, want %v", took, test.takes)
	}
	truth := p.truth(t, "imp_1")
	if got, want := truth.Deletes+truth.Lookups, max(test.calls, 1); got != want || truth.Revoked() != test.revoked {
		t.Errorf("got %d calls, revoked %t, want %d, %t", got, truth.Revoked(), want, test.revoked)
	}
	time.Sleep(time.Hour)
	if later := p.truth(t, "imp_1").Revoked(); later != (test.revoked || test.later) {
		t.Errorf("an hour later: revoked %t, want %t", later, test.later)
	}
	if test.want == nil {
		if err != nil {
			t.Errorf("got error %v, want success", err)
		}
		return
	}
	if receipt != (iamport.Receipt{}) {
		t.Errorf("got receipt %+v with error %v, want none", receipt, err)
	}
	test.wantError(t, op, failure(t, err))
}

func (test faultTest) wantError(t *testing.T, op iamport.Op, got iamport.Error) {
	t.Helper()
	want := *test.want
	want.Op, want.ImpUID = op, "imp_1"
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(iamport.Error{}, "Err")); diff != "" {
		t.Errorf("error (-want +got)\n%s", diff)
	}
	if test.cause != nil && !errors.Is(&got, test.cause) {
		t.Errorf("got cause %v, want one that matches %v", got.Err, test.cause)
	}
	if known := test.cause != nil || test.text != ""; (got.Err != nil) != known {
		t.Errorf("got cause %v, want any %t", got.Err, known)
	}
	if text := fmt.Sprint(got.Err); test.text != "" && text != test.text {
		t.Errorf("got cause %q, want %q", text, test.text)
	}
}
