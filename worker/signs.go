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

// signs returns what the outcome of a DELETE says about the gates. It depends
// on nothing but the error.
//
// A refusal, such as 400 or 501, is PortOne's own answer: it is there, but
// whether the gateway is, nobody may have asked.
func signs(err error) gate.Signs {
	if err == nil {
		return gate.Signs{Gateway: gate.Answered, PortOne: gate.Answered}
	}
	var failure *iamport.Error
	if !errors.As(err, &failure) {
		return gate.Signs{}
	}
	v := judge(err)
	text, away := notConnected(err)
	switch {
	case failure.Op == iamport.OpToken && v.reason == outcome.ReasonRateLimited:
		return gate.Signs{}
	case failure.Op == iamport.OpToken:
		return gate.Signs{PortOne: gate.Down, Cause: "no token is to be had: " + failure.Error()}
	case v == unauthorized:
		return gate.Signs{PortOne: gate.Failed, Cause: fmt.Sprintf("%s, HTTP %d", v.reason, failure.Status)}
	case v == unreachable && away:
		return gate.Signs{PortOne: gate.Failed, Cause: text}
	case v == unreachable:
		return gate.Signs{Gateway: gate.Failed, Cause: string(v.reason)}
	case v == pgFailure:
		return gate.Signs{Gateway: gate.Failed, PortOne: gate.Answered, Cause: string(v.reason)}
	case v == rateLimited:
		return gate.Signs{}
	case failure.Status == http.StatusOK:
		return gate.Signs{Gateway: gate.Answered, PortOne: gate.Answered}
	}
	return gate.Signs{Gateway: gate.Refused, PortOne: gate.Answered}
}

// notConnected reports whether PortOne itself was not reached: its name is not
// known, or nobody is there. That is no gateway's fault. The text says why.
func notConnected(err error) (text string, away bool) {
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
