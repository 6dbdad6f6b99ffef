package iamport

import (
	"fmt"
	"strings"
	"time"
)

// Op names a call of this client.
type Op string

// The calls of this client.
const (
	OpToken  Op = "get token"       // POST /users/getToken
	OpRevoke Op = "revoke receipt"  // DELETE /receipts/{imp_uid}
	OpLookup Op = "look up receipt" // GET /receipts/{imp_uid}
)

// Error says what came of a call that did not succeed. It holds facts alone;
// what follows from them is the caller's to decide.
type Error struct {
	// Op is the call that failed. It is [OpToken] where a receipt's call never
	// left because no token was to be had.
	Op Op
	// ImpUID is the payment whose receipt was meant, empty for [OpToken].
	ImpUID string
	// Status is the answer's HTTP status, 0 if there was none. It may be 200:
	// the body then bore a code other than 0, or could not be used.
	Status int
	// Code is the code in the envelope of PortOne's answers. Nil says that it was not
	// PortOne that answered, or that the answer broke off.
	Code *int
	// Message is the gateway's or PortOne's own text. It is for people: it has
	// no table, and changes.
	Message string
	// RetryAfter is how long the answer asked to wait, 0 if it did not.
	RetryAfter time.Duration
	// Sent tells that the call had a connection: somebody may have received it, and go
	// on with it although no answer came.
	Sent bool
	// Err is why there was no usable answer, nil if there was one.
	Err error
}

// Error returns one line with everything but secrets.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("iamport: " + string(e.Op))
	if e.ImpUID != "" {
		b.WriteString(" " + e.ImpUID)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
	}
	if e.Code != nil {
		fmt.Fprintf(&b, ", code %d", *e.Code)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ", message %q", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns Err, so that a caller may match context and network errors.
func (e *Error) Unwrap() error { return e.Err }

// Exchange is a call that has ended: one request, of which a token that is
// refused makes two.
type Exchange struct {
	Op Op
	// Status is the answer's HTTP status, 0 if there was none.
	Status int
	// Took is the time from before the request to after the answer's last byte.
	Took time.Duration
	// Err is why the call did not succeed, nil if it did.
	Err *Error
}
