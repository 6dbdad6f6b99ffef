package iamport

import (
	"fmt"
	"sync"
	"time"
)

const (
	// leastFailed is how many calls must have failed one after the other before nothing is
	// taken to get through: fewer may be a few receipts' own fault.
	leastFailed = 10
	// idleAfter is how long after the last failed call nothing is known any more: longer than
	// the pauses between the calls of a receipt, by default.
	idleAfter = time.Hour
)

// passage knows how many calls on receipts have failed one after the other since PortOne last
// answered one as documented. Its methods are safe for concurrent use.
type passage struct {
	mu          sync.Mutex
	failed      int
	since, last time.Time // when the first of them began, and the last of them ended
	why         *Error    // of the last
}

// note enters a call that began at a time and has ended.
func (p *passage) note(began time.Time, failure *Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if failure == nil || failure.Code != nil && failure.Err == nil {
		p.failed, p.why = 0, nil
		return
	}
	if p.failed == 0 || time.Since(p.last) > idleAfter {
		p.failed, p.since = 0, began
	}
	p.failed, p.last, p.why = p.failed+1, time.Now(), failure
}

// Blocked returns an error that says so if no call on a receipt gets through to PortOne: at
// least ten calls have failed one after the other, for at least the time of one timeout. A call
// gets through that PortOne answers as documented, also with 400 or 500; a page of something
// else, an answer that breaks off, a redirect and an empty answer do not. That no call was made
// is no error. It makes no call, and returns at once.
func (c *Client) Blocked() error {
	p := c.receipts
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed < leastFailed || time.Since(p.since) < c.config.Timeout || time.Since(p.last) > idleAfter {
		return nil
	}
	return fmt.Errorf("the last %d calls had no answer of PortOne's, since %s: %w", p.failed, p.since.UTC().Format(time.RFC3339), p.why)
}
