package iamporttest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Fault is a way in which a call goes wrong, by its spelling in [ParseRule]. The
// statuses stand for themselves.
type Fault string

// The faults. Unless it says otherwise, a DELETE revokes nothing.
const (
	BadRequest      Fault = "400" // as if no receipt had been issued
	Unauthorized    Fault = "401" // the token is refused, and stays valid
	Forbidden       Fault = "403" // as if the address were not allowed
	NotFound        Fault = "404" // as if there were no such payment
	Conflict        Fault = "409" // as if another call for the receipt were at work
	TooManyRequests Fault = "429" // with Retry-After if the rule says so
	GatewayFailed   Fault = "500" // the gateway did not revoke
	Unsupported     Fault = "501" // as if the gateway did not support receipts
	BadGateway      Fault = "502" // from a proxy: the body is HTML
	Unavailable     Fault = "503" // from a proxy, with Retry-After if the rule says so

	// ExpireToken ends the valid token, for all callers, and answers 401.
	ExpireToken Fault = "expire-token"
	// RefusedCode answers 200 with code -1.
	RefusedCode Fault = "code"
	// NotJSON answers 200 with a text.
	NotJSON Fault = "not-json"
	// NoResponse revokes, and answers 200 without a response.
	NoResponse Fault = "no-response"
	// Redirect answers 302 to a path that tells whoever follows that all is well,
	// and notes whether a token came along.
	Redirect Fault = "redirect"

	// CutBefore cuts the connection.
	CutBefore Fault = "cut-before"
	// CutAfter revokes, and cuts the connection.
	CutAfter Fault = "cut-after"
	// CutLate cuts the connection, and revokes after the rule's delay: whoever hangs up
	// does not stop PortOne. Default 70s. Until then further DELETEs are answered 409.
	CutLate Fault = "cut-late"
	// CutBody revokes, and cuts the connection in the middle of the answer.
	CutBody Fault = "cut-body"
	// SlowAfter revokes, and answers after the rule's delay. Default 70s.
	SlowAfter Fault = "slow-after"
	// Hang does nothing, until the client gives up.
	Hang Fault = "hang"
	// Endless revokes, and answers 200 with JSON that continues until the client
	// hangs up.
	Endless Fault = "endless"
)

// pagePrefix stands before the status of a [Page].
const pagePrefix = "html-"

// Page is the fault that something before PortOne answers with a page of HTML, whatever
// the status: "html-404". A Retry-After comes with it if the rule says so.
func Page(status int) Fault { return Fault(pagePrefix + strconv.Itoa(status)) }

// faults are all of them, of the pages that with 404: a page may have any status.
var faults = []Fault{
	BadRequest, Unauthorized, Forbidden, NotFound, Conflict, TooManyRequests, GatewayFailed, Unsupported, BadGateway,
	Unavailable, ExpireToken, RefusedCode, NotJSON, NoResponse, Redirect, CutBefore, CutAfter, CutLate, CutBody,
	SlowAfter, Hang, Endless, Page(http.StatusNotFound),
}

// Faults returns every fault; of the pages, that with 404.
func Faults() []Fault { return slices.Clone(faults) }

// Known reports whether f is one of the constants of this package, or a [Page].
func (f Fault) Known() bool {
	status, page := f.status()
	return slices.Contains(faults, f) || page && status >= 200 && status <= 599 && Page(status) == f
}

// status returns the status that f answers, 0 if it answers none or that of the call without a fault,
// and whether on a page of HTML.
func (f Fault) status() (status int, page bool) {
	switch f {
	case ExpireToken:
		return http.StatusUnauthorized, false
	case RefusedCode:
		return http.StatusOK, false
	}
	text, page := strings.CutPrefix(string(f), pagePrefix)
	status, _ = strconv.Atoi(text) // 0 for a fault that answers none
	return status, page || f == BadGateway || f == Unavailable
}

// revokes reports whether a DELETE takes effect although it goes wrong, if it does. CutLate is none of
// these: its DELETE takes effect later.
func (f Fault) revokes() bool {
	switch f {
	case "", NoResponse, CutAfter, CutBody, SlowAfter, Endless:
		return true
	}
	return false
}

// duration is what a rule's duration means to a fault. [ParseRule] has one spelling for both, `@5s`.
type duration int

const (
	noDuration duration = iota // the fault takes none
	retryAfter                 // how long to wait, in the answer
	delay                      // how long the fault takes
)

func (f Fault) duration() duration {
	switch f {
	case SlowAfter, CutLate:
		return delay
	case TooManyRequests, Unavailable:
		return retryAfter
	}
	if strings.HasPrefix(string(f), pagePrefix) {
		return retryAfter
	}
	return noDuration
}
