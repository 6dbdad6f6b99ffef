package worker

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// verdict is a row of the table of answers: what follows from a call that did not
// succeed. It says whether to try again or to give up, why, whether the attempt
// counts, and what the call is evidence of about the gateway and about PortOne. A
// verdict of dead is carried out only after a lookup.
type verdict struct {
	status           outcome.Status
	reason           outcome.Reason
	counted          bool
	gateway, portone gate.Evidence
}

// The verdicts ask one question: is the fault in the request, or in the world?
// In the request: dead. In the world, or unknown: again.
var (
	pgFailure    = verdict{outcome.Retrying, outcome.ReasonPGFailure, true, gate.Failed, gate.Answered}
	unreachable  = verdict{outcome.Retrying, outcome.ReasonUnreachable, true, gate.Failed, gate.Silent}
	notConnected = verdict{outcome.Retrying, outcome.ReasonUnreachable, true, gate.Silent, gate.Failed} // to PortOne itself
	rateLimited  = verdict{outcome.Retrying, outcome.ReasonRateLimited, false, gate.Silent, gate.Silent}
	unauthorized = verdict{outcome.Retrying, outcome.ReasonUnauthorized, false, gate.Silent, gate.Failed}

	// PortOne answered these itself, and may not have asked the gateway.
	notIssued = verdict{outcome.Dead, outcome.ReasonNotIssued, true, gate.Silent, gate.Answered}
	refused   = verdict{outcome.Dead, outcome.ReasonRefused, true, gate.Silent, gate.Answered}
	// It supports the gateway for no receipt, and there is nothing to keep calls from.
	unsupported = verdict{outcome.Dead, outcome.ReasonUnsupportedGateway, true, gate.Answered, gate.Answered}

	// Without a token nothing was asked of the gateway: no attempt counts, and no
	// refusal buries a receipt.
	noToken      = verdict{outcome.Retrying, outcome.ReasonUnreachable, false, gate.Silent, gate.Down}
	tokenRefused = verdict{outcome.Retrying, outcome.ReasonUnauthorized, false, gate.Silent, gate.Down}
)

// answers says what follows from the status of an answer to a DELETE. A status
// without a line of its own takes that of its range.
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

// ranges says it for all others, by the status' hundreds.
var ranges = map[int]verdict{
	1: unreachable,
	2: unreachable, // accepted, or without a body: nothing says that it is revoked
	3: unreachable, // never followed: the call may have been carried out
	4: refused,
	5: unreachable, // somebody between PortOne and us
}

// judge returns what follows from a failed DELETE. It depends on nothing but
// the error: on its status, never on its message.
func judge(err error) verdict {
	var failure *iamport.Error
	if !errors.As(err, &failure) {
		return unreachable
	}
	if failure.Op == iamport.OpToken {
		return judgeToken(failure)
	}
	if failure.Status == 0 || failure.Err != nil { // nothing usable came back
		if _, away := absent(failure); away {
			return notConnected
		}
		return unreachable
	}
	if v, ok := answers[failure.Status]; ok {
		return v
	}
	if v, ok := ranges[failure.Status/100]; ok {
		return v
	}
	return unreachable
}

// judgeToken returns what follows from having no token.
func judgeToken(failure *iamport.Error) verdict {
	switch {
	case failure.Status == http.StatusTooManyRequests:
		return rateLimited
	case failure.Status/100 == 4 || failure.Status == http.StatusOK && failure.Err == nil:
		return tokenRefused
	}
	return noToken
}

// absent reports whether PortOne itself was not reached: its name is not known, or
// nothing listens there. The text says why.
func absent(err error) (text string, away bool) {
	var operation *net.OpError
	var name *net.DNSError
	switch {
	case errors.As(err, &operation) && operation.Op == "dial":
		return operation.Error(), true
	case errors.As(err, &name):
		return name.Error(), true
	}
	return "", false
}

// signs returns what a DELETE that ended with err tells the gates. It depends on
// nothing but the error.
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
	switch v {
	case noToken, tokenRefused:
		s.Cause = "no token is to be had: " + failure.Error()
	case notConnected:
		s.Cause, _ = absent(failure)
	case unauthorized:
		s.Cause = fmt.Sprintf("%s, HTTP %d", v.reason, failure.Status)
	}
	return s
}

// mayHaveWorked reports whether a failed DELETE may have revoked the receipt.
func mayHaveWorked(err error) bool {
	var failure *iamport.Error
	return !errors.As(err, &failure) || failure.MayHaveTakenEffect
}
