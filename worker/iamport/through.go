package iamport

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// patience is how long calls on receipts may fail before nothing is taken to get through,
	// however few they are. It is longer than the first pauses between the attempts of a
	// receipt, so that one answer that broke off is outlived by the next attempt.
	patience = time.Minute
	// manyFailed is how many calls tell as much within one timeout: fewer may be a few
	// receipts' own fault.
	manyFailed = 10
	// forgetAfter is how long after the last failed call nothing is known any more. By default
	// the attempts of a receipt are at most about half an hour apart: while one fails, it is not
	// forgotten. Where no call is made, nothing is left to wait for: another worker has taken
	// the receipt, or it was given up.
	forgetAfter = time.Hour
)

// passage knows for how long no call on a receipt has got through to PortOne. Its methods are safe
// for concurrent use.
type passage struct {
	mu       sync.Mutex
	answered time.Time // when a call last got through
	failed   int       // how many calls have failed since
	since    time.Time // from when on none got through: the first of them began, or answered, if that was later
	last     time.Time // when the last of them ended
	why      *Error    // of the last
}

// through reports whether the failed call got through to PortOne: PortOne itself has answered
// it, and has not turned it away unseen, as it does with credentials or an address that it
// refuses (401, 403), where it wants no calls now (408, 425, 429), and where it does not work
// itself (502, 503 and above).
func (e *Error) through() bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden,
		http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return e.Code != nil && e.Err == nil && e.Status < http.StatusBadGateway
}

// note enters a call that began at a time and has ended.
func (p *passage) note(began time.Time, failure *Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if failure == nil || failure.through() {
		p.answered, p.failed, p.why = now, 0, nil
		return
	}
	if p.failed == 0 || now.Sub(p.last) > forgetAfter {
		p.failed, p.since = 0, began
		if p.answered.After(began) {
			p.since = p.answered
		}
	}
	p.failed, p.last, p.why = p.failed+1, now, failure
}

// blocked returns what [Client.Blocked] does, for calls with a timeout.
func (p *passage) blocked(timeout time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := patience
	if p.failed >= manyFailed {
		limit = min(timeout, patience)
	}
	if p.failed == 0 || time.Since(p.since) < limit || time.Since(p.last) > forgetAfter {
		return nil
	}
	return fmt.Errorf("no call on a receipt has got through to PortOne since %s, %d failed, the last at %s: %w",
		p.since.UTC().Format(time.RFC3339), p.failed, p.last.UTC().Format(time.RFC3339), p.why)
}
