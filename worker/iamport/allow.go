package iamport

import (
	"context"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// askEvery is how often it is asked whether a call may still leave that waits for its
// connection: a dial may take half a minute.
const askEvery = 500 * time.Millisecond

// NotAllowedError is in the [Error] of a call that did not leave, since it was no longer
// allowed to. Err is why.
type NotAllowedError struct{ Err error }

func (e *NotAllowedError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *NotAllowedError) Unwrap() error { return e.Err }

// refused returns why the call may not leave, or nil.
func (c call) refused(ctx context.Context) error {
	if c.allowed == nil {
		return nil
	}
	if err := c.allowed(ctx); err != nil {
		return &NotAllowedError{err}
	}
	return nil
}

// link is the way of a request to PortOne.
type link struct {
	// connected tells that the request had a connection. One that never had has not left:
	// no server was there, or a proxy or the TLS handshake refused. The error does not tell,
	// since net/http sends a DELETE once more on a new connection where the one that it
	// kept was cut.
	connected atomic.Bool
	waits     atomic.Bool           // for a connection
	refused   atomic.Pointer[error] // why it was not allowed to wait any longer
	asking    *time.Timer           // nil if nobody is to be asked
}

// watch follows the link of a request of the returned context, and cancels a call that
// waits for a connection once it may not leave any more.
func (c call) watch(ctx context.Context, cancel context.CancelFunc) (context.Context, *link) {
	l := new(link)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { l.waits.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { l.connected.Store(true); l.waits.Store(false) },
	})
	if c.allowed != nil {
		l.asking = time.AfterFunc(askEvery, func() { c.ask(ctx, l, cancel) })
	}
	return ctx, l
}

// end ends the asking.
func (l *link) end() {
	if l.asking != nil {
		l.asking.Stop()
	}
}

// ask asks whether a call may still leave for as long as it waits for a connection, and
// cancels it if not. It ends with ctx.
func (c call) ask(ctx context.Context, l *link, cancel context.CancelFunc) {
	for ctx.Err() == nil {
		if l.waits.Load() {
			if err := c.refused(ctx); err != nil && l.waits.Load() {
				l.refused.Store(&err)
				cancel()
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(askEvery):
		}
	}
}

// why returns why a request got no answer: that it was not allowed to leave, if it has not.
func (l *link) why(err error) error {
	if refused := l.refused.Load(); refused != nil && !l.connected.Load() {
		return *refused
	}
	return err
}
