package worker

import (
	"errors"
	"net/http"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
)

// verdict is what follows from a call that did not succeed: whether to try
// again or to give up, why, and whether the attempt counts. A verdict of dead
// is carried out only after a lookup.
type verdict struct {
	status  outcome.Status
	reason  outcome.Reason
	counted bool
}

// The verdicts ask one question: is the fault in the request, or in the world?
// In the request: dead. In the world, or unknown: again.
var (
	pgFailure    = verdict{outcome.Retrying, outcome.ReasonPGFailure, true}
	unreachable  = verdict{outcome.Retrying, outcome.ReasonUnreachable, true}
	rateLimited  = verdict{outcome.Retrying, outcome.ReasonRateLimited, false}
	unauthorized = verdict{outcome.Retrying, outcome.ReasonUnauthorized, false}
	notIssued    = verdict{outcome.Dead, outcome.ReasonNotIssued, true}
	refused      = verdict{outcome.Dead, outcome.ReasonRefused, true}
	unsupported  = verdict{outcome.Dead, outcome.ReasonUnsupportedGateway, true}
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
	if failure.Status == 0 || failure.Err != nil {
		return unreachable // nothing usable came back
	}
	if v, ok := answers[failure.Status]; ok {
		return v
	}
	if v, ok := ranges[failure.Status/100]; ok {
		return v
	}
	return unreachable
}

// judgeToken returns what follows from having no token: nothing was asked of
// the gateway, so no attempt counts, and no refusal buries a receipt.
func judgeToken(failure *iamport.Error) verdict {
	v := verdict{outcome.Retrying, outcome.ReasonUnreachable, false}
	switch {
	case failure.Status == http.StatusTooManyRequests:
		v.reason = outcome.ReasonRateLimited
	case failure.Status/100 == 4 || failure.Status == http.StatusOK && failure.Err == nil:
		v.reason = outcome.ReasonUnauthorized
	}
	return v
}

// mayHaveWorked reports whether a failed DELETE may have revoked the receipt.
func mayHaveWorked(err error) bool {
	var failure *iamport.Error
	return !errors.As(err, &failure) || failure.MayHaveTakenEffect
}
