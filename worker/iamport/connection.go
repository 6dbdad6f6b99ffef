package iamport

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// newTransport returns a transport that keeps at most config.Connections idle connections.
//
// It speaks HTTP/1.1 alone, where a call that times out takes its connection with it. Calls
// by HTTP/2 share one, which net/http keeps after they have timed out (golang/go#36026,
// golang/go#63422); and a load balancer may answer its pings for a server that is gone. HTTP/2
// would gain nothing here: at 60 and 200 slots and 200 ms a call, both make 96 to 99 % of the
// calls that the slots allow, for 0.05 to 0.09 ms of CPU each.
func newTransport(config Config) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	if transport.TLSClientConfig != nil {
		transport.TLSClientConfig.NextProtos = nil // the clone offers HTTP/2 there
	}
	transport.MaxIdleConns = config.Connections
	transport.MaxIdleConnsPerHost = config.Connections
	transport.IdleConnTimeout = 30 * time.Second // before a proxy cuts it: a DELETE on a cut connection has an unknown outcome
	if config.Dial != nil {
		transport.DialContext, transport.Proxy = config.Dial, nil
	}
	return transport
}

// heard notes whether a call that began at a time had an answer; one whose caller left tells nothing. After one
// that timed out no idle connection is used again: what made one silent, such as a router
// or a load balancer that was replaced, did so to all.
func (c *Client) heard(op Op, began time.Time, failure *Error) {
	switch {
	case failure != nil && errors.Is(failure.Err, context.Canceled):
		return
	case failure != nil && errors.Is(failure.Err, context.DeadlineExceeded):
		c.http.CloseIdleConnections()
	}
	if op != OpToken {
		c.receipts.note(began, failure)
	}
	c.unanswered.Store(failure != nil && failure.Status == 0)
}

// confirmed returns the current token, and false if PortOne did not answer the last call:
// that the token is good tells nothing then.
func (c *Client) confirmed() (string, bool) {
	value, ok := c.tokens.current()
	return value, ok && !c.unanswered.Load()
}
