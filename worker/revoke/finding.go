package revoke

import (
	"errors"
	"net/http"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
)

// finding is what an attempt found: the verdict, and the receipt or the error that it rests on.
type finding struct {
	verdict
	receipt *iamport.Receipt // nil if none was shown
	err     error
	looked  *looked // after the DELETE, nil if it was not looked up
}

// The verdicts that follow from something other than a failed DELETE. They tell the gates nothing.
var (
	revoked      = verdict{status: outcome.Revoked, reason: outcome.ReasonRevoked, counting: counted}
	foundRevoked = verdict{status: outcome.Revoked, reason: outcome.ReasonAlreadyRevoked}
	exhausted    = verdict{status: outcome.Dead, reason: outcome.ReasonAttemptsExhausted, counting: counted}
	// spent: no attempt is left, or no lookup has told for too long whether to make one. It makes no
	// DELETE, unlike exhausted, whose last one has failed.
	spent = verdict{status: outcome.Dead, reason: outcome.ReasonAttemptsExhausted}
	// keptOut: PortOne has turned it away for too long, and no other.
	keptOut = verdict{status: outcome.Dead, reason: outcome.ReasonRefused, counting: turnedAway}
	// putBack: no DELETE was made, because the process stops, another attempt may have begun, or the
	// request is not what its task says. It has no reason, so that the last answer stays in the
	// outcome.
	putBack = verdict{status: outcome.Retrying}
	// paused: before the DELETE a gate has closed, or a person has paused the queue.
	paused = verdict{status: outcome.Retrying, reason: outcome.ReasonGatewayPaused}
	// takenBack: all who asked have cancelled.
	takenBack = verdict{status: outcome.Dead, reason: outcome.ReasonWithdrawn}
	// reissued: the receipt that exists now is not the one that was asked for.
	reissued = verdict{status: outcome.Dead, reason: outcome.ReasonReissued}
	invalid  = verdict{status: outcome.Dead, reason: outcome.ReasonInvalidTask}
	// crashed: Asynq gave its task up without asking the worker, above all because its process
	// died.
	crashed = verdict{status: outcome.Dead, reason: outcome.ReasonCrashed}
)

// notMade returns what an attempt found whose DELETE was not allowed to leave: see [Handler.allowed].
func notMade(err error) finding {
	var wait *gate.WaitError
	if errors.As(err, &wait) {
		return finding{verdict: paused, err: err}
	}
	return finding{verdict: putBack, err: err}
}

// outcome returns what is written to Redis. Without a reason or an answer it says nothing about the
// receipt, and the last answer stays there.
func (f finding) outcome() outcome.Outcome {
	o := outcome.Outcome{Status: f.status, Reason: f.reason}
	var failure *iamport.Error
	switch {
	case errors.As(f.err, &failure):
		o.HTTPStatus, o.Code, o.Message = failure.Status, failure.Code, failure.Message
		// An answer without PortOne's envelope has no message of PortOne's: what could not be read of
		// it says more than nothing.
		if o.Message == "" && failure.Err != nil {
			o.Message = failure.Err.Error()
		}
	case f.err != nil && f.reason != "":
		o.Message = f.err.Error()
	case f.status == outcome.Revoked:
		// A success has no error: it is 200 with a code of 0.
		o.HTTPStatus, o.Code = http.StatusOK, new(int)
		o.Receipt = outcome.Receipt{
			ReceiptTID: f.receipt.ReceiptTID, ApplyNum: f.receipt.ApplyNum, Type: f.receipt.Type,
			Amount: f.receipt.Amount, VAT: f.receipt.VAT, ReceiptURL: f.receipt.ReceiptURL,
			AppliedAt: f.receipt.AppliedAt, CancelledAt: f.receipt.CancelledAt,
		}
	}
	return o
}

// delay returns how long to wait before the attempt after the given one: the schedule's delay, or what
// the answer asked for, if that is longer. Where PortOne turned the receipt away it is both, one after
// the other, and half of what was held besides: the receipt comes back after all that it held back. For
// example, a 429 with Retry-After: 20 at the first attempt leads to 5 s + 20 s + 10 s + 1 s, and the
// schedule's jitter.
func (f finding) delay(schedule backoff.Schedule, number int) time.Duration {
	var failure *iamport.Error
	var wait *gate.WaitError
	switch {
	case errors.Is(f.err, ErrStopping), errors.Is(f.err, errMisplaced):
		return 0
	case errors.Is(f.err, errLeaseLost):
		return time.Second
	case errors.As(f.err, &wait):
		return wait.Wait
	case f.putOff() > 0:
		return schedule.Delay(number) + f.putOff() + min(f.putOff(), longestHold)/2 + time.Second
	case errors.As(f.err, &failure):
		return max(schedule.Delay(number), failure.RetryAfter)
	}
	return schedule.Delay(number)
}

// putOff returns for how long an answer that turned the receipt away wants no call for it, 0 if it did
// not say.
func (f finding) putOff() time.Duration {
	var failure *iamport.Error
	if f.counting != turnedAway || !errors.As(f.err, &failure) {
		return 0
	}
	return failure.RetryAfter
}
