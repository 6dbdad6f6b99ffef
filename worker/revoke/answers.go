package revoke

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// verdict is a row of the table of answers: what follows from a call that did not succeed. It says
// whether to try again or to give up, why, whether the attempt counts, whether its DELETE may have
// taken effect, and what the call is evidence of about the gateway and about PortOne. A verdict of dead
// is carried out only after a lookup. Verdicts are compared as values: two rows that code tells apart
// must differ in a field.
type verdict struct {
	status           outcome.Status
	reason           outcome.Reason
	counting         counting
	effect           effect
	gateway, portone gate.Evidence
}

// counting says whether an attempt counts against [backoff.Schedule.Attempts].
type counting int

const (
	// uncounted: the attempt made no DELETE, or one that says nothing about the receipt.
	uncounted counting = iota
	// counted: the attempt is one of those of the schedule.
	counted
	// turnedAway: PortOne did not look at the request, or no lookup tells whether to make it. It counts
	// no attempt, and is tried ever later, up to [Handler.GiveUpAfter].
	turnedAway
)

// effect says whether a DELETE may have revoked the receipt.
type effect bool

const (
	none   effect = false // it was not made, or PortOne refused it
	unseen effect = true  // and no answer said so
)

// The rows ask one question: is the fault in the request, or in the world? In the request: dead. In the
// world, or unknown: again. README shows them as the table under "Answers and outcomes"; a row that is
// added here belongs there, too.
var (
	pgFailure    = verdict{outcome.Retrying, outcome.ReasonPGFailure, counted, none, gate.Failed, gate.Answered}
	rateLimited  = verdict{outcome.Retrying, outcome.ReasonRateLimited, turnedAway, none, gate.Silent, gate.Limited}
	unauthorized = verdict{outcome.Retrying, outcome.ReasonUnauthorized, turnedAway, none, gate.Silent, gate.Failed}

	// No answer of PortOne's: none at all, or one of something in between, which may have passed the
	// call on. What refuses calls on their way, such as a proxy, refuses all of them: so blocked and
	// notConnected are evidence about PortOne, and unreachable, as of a timeout, about the gateway
	// behind it.
	unreachable  = verdict{outcome.Retrying, outcome.ReasonUnreachable, counted, unseen, gate.Failed, gate.Silent}
	blocked      = verdict{outcome.Retrying, outcome.ReasonUnreachable, counted, unseen, gate.Silent, gate.Failed}
	notConnected = verdict{outcome.Retrying, outcome.ReasonUnreachable, counted, none, gate.Silent, gate.Failed}

	// PortOne answered these itself, and may not have asked the gateway: so they are no evidence about
	// it.
	notIssued = verdict{outcome.Dead, outcome.ReasonNotIssued, counted, none, gate.Silent, gate.Answered}
	refused   = verdict{outcome.Dead, outcome.ReasonRefused, counted, none, gate.Silent, gate.Answered}
	// PortOne supports this gateway for no receipt: there is nothing to keep calls from, so that 501
	// counts as a success of it.
	unsupported = verdict{outcome.Dead, outcome.ReasonUnsupportedGateway, counted, none, gate.Answered, gate.Answered}

	// Without a token nothing was asked of the gateway: no attempt counts, and no refusal makes a
	// receipt a dead letter.
	noToken      = verdict{outcome.Retrying, outcome.ReasonUnreachable, uncounted, none, gate.Silent, gate.Down}
	tokenRefused = verdict{outcome.Retrying, outcome.ReasonUnauthorized, uncounted, none, gate.Silent, gate.Down}
	tokenLater   = verdict{outcome.Retrying, outcome.ReasonRateLimited, uncounted, none, gate.Silent, gate.Limited}
)

// advice is what a person should do where PortOne accepts no calls for a reason. It stands in the
// log and in the cause for which PortOne's gate is closed, which /readyz shows.
var advice = map[outcome.Reason]string{
	outcome.ReasonRateLimited: "set --rate on all workers, or lower it, or ask PortOne for a higher limit",
	outcome.ReasonUnauthorized: "ask PortOne whether the API key, the list of allowed addresses " +
		"and the contract still hold",
	outcome.ReasonUnreachable: "ask PortOne for its state, and look at the way out, with its proxies",
}

// answers has the row of each status with which PortOne answers in its own form. All others of 400
// to 499 are refusals; the rest comes from something between PortOne and the worker.
var answers = map[int]verdict{
	http.StatusOK:                  refused,      // with a code other than 0
	http.StatusBadRequest:          notIssued,    // no receipt was issued through PortOne
	http.StatusUnauthorized:        unauthorized, // also after a fresh token
	http.StatusForbidden:           unauthorized, // this address, or this key, may not
	http.StatusRequestTimeout:      rateLimited,
	http.StatusTooEarly:            rateLimited,
	http.StatusTooManyRequests:     rateLimited,
	http.StatusInternalServerError: pgFailure, // the gateway said that it failed
	http.StatusNotImplemented:      unsupported,
}

// judge returns the row of a failed call. It depends on nothing but the error: on what answered, and
// with which status, never on its message, which gateways word as they like.
func judge(err error) verdict {
	var failure *iamport.Error
	if !errors.As(err, &failure) {
		return unreachable
	}
	row, listed := answers[failure.Status]
	client := failure.Status/100 == 4
	switch {
	// The order of the cases matters: what is not PortOne's must be found before a status is looked up.
	case failure.Op == iamport.OpToken:
		return judgeToken(failure)
	case failure.Status == 0 && !failure.Sent:
		return notConnected
	case client && failure.Code == nil:
		return blocked
	case failure.Code == nil || failure.Err != nil:
		return unreachable
	case listed:
		return row
	case client:
		return refused
	}
	return unreachable
}

// judgeToken returns the row of a failed call for a token. A refusal in PortOne's own form, with 4xx or
// with 200 and a code that says no, is one of the credentials or of this address.
func judgeToken(failure *iamport.Error) verdict {
	ours := failure.Code != nil && failure.Err == nil
	switch {
	case failure.Status == http.StatusTooManyRequests:
		return tokenLater
	case ours && (failure.Status/100 == 4 || failure.Status == http.StatusOK):
		return tokenRefused
	}
	return noToken
}

// Reason returns the reason that the table of answers gives for a failed call. The metrics and doctor
// ask for it.
func Reason(err error) outcome.Reason { return judge(err).reason }

// Advice returns what to do about calls that end with err, "" where nothing can be done but wait.
func Advice(err error) string { return advice[Reason(err)] }

// signs returns what a DELETE that ended with err tells the gates. It depends on nothing but the error.
// An error of another type than [*iamport.Error] tells nothing: the call was not made.
func signs(err error) gate.Signs {
	var failure *iamport.Error
	switch {
	case err == nil:
		return gate.Signs{Gateway: gate.Answered, PortOne: gate.Answered}
	case !errors.As(err, &failure):
		return gate.Signs{}
	}
	v := judge(err)
	s := gate.Signs{Gateway: v.gateway, PortOne: v.portone, Cause: string(v.reason)}
	// The cause is shown to people while the gate is closed, and so says more than the reason where
	// there is something to do.
	switch v {
	case noToken, tokenRefused:
		s.Cause = "no token is to be had: " + failure.Error()
	case notConnected:
		s.Cause = cause(failure.Err)
	case unauthorized, rateLimited, tokenLater, blocked:
		s.Cause = fmt.Sprintf("%s, HTTP %d: %s", v.reason, failure.Status, advice[v.reason])
	}
	return s
}

// cause returns why there was no connection, without the address that was called. That differs from one
// call to the next, and would make each look like a new cause.
func cause(err error) string {
	var call *url.Error
	if errors.As(err, &call) {
		err = call.Err
	}
	return fmt.Sprint(err)
}
