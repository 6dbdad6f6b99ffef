package iamporttest

import (
	"net/http"
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
	Forbidden       Fault = "403"
	NotFound        Fault = "404"
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

// duration is what a rule's duration means to a fault.
type duration int

const (
	noDuration duration = iota
	retryAfter
	delay
)

// behaviour is what a fault does.
type behaviour struct {
	fault    Fault
	revokes  bool     // whether a DELETE takes effect although it goes wrong
	duration duration // what the duration of its rules is
	// deliver answers c or does not. natural is what the call was due to be told;
	// it is empty for a DELETE unless revokes.
	deliver func(c *call, rule Rule, natural answer)
}

var behaviours = []behaviour{
	{BadRequest, false, noDuration, says(400, textNeverIssued)},
	{Unauthorized, false, noDuration, says(401, textUnauthorized)},
	{Forbidden, false, noDuration, says(403, "접근 권한이 없습니다.")},
	{NotFound, false, noDuration, says(404, textNeverIssued)},
	{Conflict, false, noDuration, says(409, textAtWork)},
	{TooManyRequests, false, retryAfter, tooMany},
	{GatewayFailed, false, noDuration, says(500, textFailed)},
	{Unsupported, false, noDuration, says(501, textUnsupported)},
	{BadGateway, false, noDuration, proxySays(502)},
	{Unavailable, false, retryAfter, proxySays(503)},
	{ExpireToken, false, noDuration, expireToken},
	{RefusedCode, false, noDuration, says(200, "현금영수증을 취소할 수 없습니다.")},
	{NotJSON, false, noDuration, notJSON},
	{NoResponse, true, noDuration, noResponse},
	{Redirect, false, noDuration, redirect},
	{CutBefore, false, noDuration, cut},
	{CutAfter, true, noDuration, cut},
	{CutLate, false, delay, cutLate},
	{CutBody, true, noDuration, cutBody},
	{SlowAfter, true, delay, slow},
	{Hang, false, noDuration, hang},
	{Endless, true, noDuration, endless},
	page(http.StatusNotFound),
}

// page returns what [Page] does.
func page(status int) behaviour { return behaviour{Page(status), false, retryAfter, proxySays(status)} }

// Faults returns every fault; of the pages, that with 404.
func Faults() []Fault {
	all := make([]Fault, len(behaviours))
	for i, b := range behaviours {
		all[i] = b.fault
	}
	return all
}

// Known reports whether f is one of the constants of this package, or a [Page].
func (f Fault) Known() bool { return behaviourOf(f).fault != "" }

// behaviourOf returns what f does, and how a call goes without fault for any
// other.
func behaviourOf(f Fault) behaviour {
	for _, b := range behaviours {
		if b.fault == f {
			return b
		}
	}
	text, isPage := strings.CutPrefix(string(f), pagePrefix)
	if status, err := strconv.Atoi(text); isPage && err == nil && status >= 200 && status <= 599 && Page(status) == f {
		return page(status)
	}
	return behaviour{revokes: true, deliver: natural}
}
