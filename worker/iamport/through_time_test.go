package iamport_test

import (
	"cmp"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/worker/iamport"
)

// step is a call that ends at a time after it took so long, or none; and whether the client is
// blocked then.
type step struct {
	at, took time.Duration
	call     func() *iamport.Error // nil if no call ends
	blocked  bool
}

func well() *iamport.Error { return nil }

// refused is PortOne's own answer that a receipt cannot be revoked.
func refused() *iamport.Error {
	code := -1
	return &iamport.Error{Op: iamport.OpRevoke, Status: 400, Code: &code}
}

// page is something else's answer.
func page() *iamport.Error {
	return &iamport.Error{Op: iamport.OpRevoke, Status: 200, Err: errors.New("read the answer: <html>")}
}

// brokenOff has a code, and nothing that could be read behind it.
func brokenOff() *iamport.Error {
	code := 0
	return &iamport.Error{Op: iamport.OpRevoke, Status: 200, Code: &code, Err: errors.New("read the answer: unexpected EOF")}
}

// times returns n calls that end one after the other within a second.
func times(n int, first step) (all []step) {
	for i := range n {
		next := first
		next.at += time.Duration(i) * 10 * time.Millisecond
		all = append(all, next)
	}
	return all
}

func TestBlockedByTime(t *testing.T) {
	t.Parallel()
	const s, m, h = time.Second, time.Minute, time.Hour
	for name, test := range map[string]struct {
		timeout time.Duration // default a minute
		steps   []step
	}{
		"no call was ever made": {steps: []step{{at: 0}, {at: h}}},
		"PortOne refuses one receipt for hours": {steps: []step{
			{at: 0, call: refused}, {at: 2 * m, call: refused}, {at: h, call: refused}, {at: 3 * h},
		}},
		"one call failed, none is made for a minute": {steps: []step{
			{at: 0, call: page}, {at: 59 * s}, {at: m, blocked: true}, {at: 10 * m, blocked: true},
		}},
		"attempts are minutes apart": {steps: []step{
			{at: 0, call: page},
			{at: 59 * s},
			{at: 2 * m, call: page, blocked: true},
			{at: 32 * m, call: brokenOff, blocked: true},
			{at: 63 * m, blocked: true},
			{at: 64 * m, call: page, blocked: true},
		}},
		"the next attempt is answered": {steps: []step{{at: 0, call: page}, {at: 10 * s, call: well}, {at: 5 * m}}},
		"the next attempt is refused":  {steps: []step{{at: 0, call: page}, {at: 10 * s, call: refused}, {at: 5 * m}}},
		"ready again by an answer": {steps: []step{
			{at: 0, call: page}, {at: m, blocked: true}, {at: 5 * m, call: well}, {at: 6 * m}, {at: h},
		}},
		"each failure after an answer has its own minute": {steps: []step{
			{at: 0, call: page},
			{at: 50 * s, call: well},
			{at: 55 * s, call: page},
			{at: m},
			{at: 114 * s},
			{at: 115 * s, blocked: true},
		}},
		"one receipt fails among others": {steps: []step{
			{at: 0, call: page},
			{at: 30 * s, call: well},
			{at: 31 * s, call: page},
			{at: m, call: well},
			{at: 61 * s, call: page},
			{at: 2 * m, call: well},
		}},
		"a call hangs for a minute": {steps: []step{{at: 59 * s}, {at: m, took: m, call: page, blocked: true}}},
		"a call hangs while others are answered": {steps: []step{
			{at: 59 * s, call: well}, {at: m, took: m, call: page}, {at: 118 * s}, {at: 119 * s, blocked: true},
		}},
		"nothing to do for an hour after a failed call": {steps: []step{
			{at: 0, call: page}, {at: h, blocked: true}, {at: h + s}, {at: 5 * h},
		}},
		"a failure hours later has its own minute": {steps: []step{
			{at: 0, call: page}, {at: 5 * h, call: page}, {at: 5*h + 59*s}, {at: 5*h + m, blocked: true},
		}},
		"ten calls within a short timeout": {timeout: 10 * s, steps: append(
			times(10, step{at: 0, call: page}), step{at: 9 * s}, step{at: 10 * s, blocked: true})},
		"nine calls within a short timeout": {timeout: 10 * s, steps: append(
			times(9, step{at: 0, call: page}), step{at: 59 * s}, step{at: m, blocked: true})},
		"ten calls within a long timeout": {timeout: 5 * m, steps: append(
			times(10, step{at: 0, call: page}), step{at: 59 * s}, step{at: m, blocked: true})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var passage iamport.Passage
				start := time.Now()
				for _, step := range test.steps {
					time.Sleep(step.at - time.Since(start))
					if step.call != nil {
						passage.Note(time.Now().Add(-step.took), step.call())
					}
					err := passage.Blocked(cmp.Or(test.timeout, iamport.DefaultTimeout))
					if (err != nil) != step.blocked {
						t.Errorf("after %v: got %v, want blocked %t", step.at, err, step.blocked)
					}
				}
			})
		})
	}
}

// What it says is what an operator reads at /readyz.
func TestBlockedSaysSinceWhen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var passage iamport.Passage
		passage.Note(time.Now(), page())
		time.Sleep(time.Minute)
		want := "no call on a receipt has got through to PortOne since 2000-01-01T00:00:00Z, 1 failed, the last at 2000-01-01T00:00:00Z: "
		if err := passage.Blocked(time.Minute); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "HTTP 200") {
			t.Errorf("got %v, want %s…", err, want)
		}
	})
}
