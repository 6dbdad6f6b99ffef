// Package outcome keeps the outcome of every imp_uid: the record, the store
// in Redis, the stream of what ended, and the list of dead letters. It is the
// only owner of this project's own keys in Redis, but for those of workers, accounts and gates.
package outcome

import (
	"time"

	"receiptrevoker/tasks"
)

// Status is how far the revocation of an imp_uid has come.
type Status string

const (
	// Queued means asked for and not yet attempted: there is a request, and no outcome
	// of it.
	Queued Status = "queued"
	// Retrying means attempted, and to be attempted again.
	Retrying Status = "retrying"
	// Revoked means that PortOne said that the receipt is revoked, or, with
	// [ReasonStatedRevoked], a person did. It is final.
	Revoked Status = "revoked"
	// Dead means given up on: repeating the call as it stands cannot succeed.
	Dead Status = "dead"
)

// Terminal reports whether nothing more will be tried.
func (s Status) Terminal() bool { return s == Revoked || s == Dead }

// Reason is why an outcome is what it is.
type Reason string

// The reasons of revoked outcomes.
const (
	// ReasonRevoked means that a DELETE of ours was answered with success.
	ReasonRevoked Reason = "revoked"
	// ReasonAlreadyRevoked means that a lookup found the receipt revoked.
	ReasonAlreadyRevoked Reason = "already_revoked"
	// ReasonStatedRevoked means that a person settled a dead letter, having found out
	// that the receipt is revoked.
	ReasonStatedRevoked Reason = "stated_revoked"
)

// The reasons of dead outcomes.
const (
	// ReasonNotIssued means that no receipt was ever issued through PortOne.
	ReasonNotIssued Reason = "not_issued"
	// ReasonRefused means that PortOne refused the request as such.
	ReasonRefused Reason = "refused"
	// ReasonUnsupportedGateway means that PortOne cannot revoke on this gateway.
	ReasonUnsupportedGateway Reason = "unsupported_gateway"
	// ReasonAttemptsExhausted means that every attempt failed.
	ReasonAttemptsExhausted Reason = "attempts_exhausted"
	// ReasonUnconfirmed means that an attempt may have revoked the receipt, and
	// that PortOne can neither repeat the call nor say so: look by hand.
	ReasonUnconfirmed Reason = "unconfirmed"
	// ReasonInvalidTask means that the task could not be read, so nothing was called.
	ReasonInvalidTask Reason = "invalid_task"
	// ReasonCrashed means that the process died in the last attempt, or that a person
	// archived the task.
	ReasonCrashed Reason = "crashed"
	// ReasonWithdrawn means that all who asked for it cancelled it before PortOne
	// was seen to revoke the receipt.
	ReasonWithdrawn Reason = "withdrawn"
	// ReasonReissued means that the receipt that exists now is not the one that was
	// asked for: it has another number, or was issued later.
	ReasonReissued Reason = "reissued"
	// ReasonStatedNotRevoked means that a person settled a dead letter, having found out
	// that the receipt is not revoked.
	ReasonStatedNotRevoked Reason = "stated_not_revoked"
)

// The reasons of retrying outcomes.
const (
	// ReasonPGFailure means that the gateway answered that the revocation failed.
	ReasonPGFailure Reason = "pg_failure"
	// ReasonUnreachable means that no usable answer came: the effect is unknown.
	ReasonUnreachable Reason = "unreachable"
	// ReasonUnauthorized means that the credentials, or this address, were refused.
	ReasonUnauthorized Reason = "unauthorized"
	// ReasonRateLimited means that PortOne asked for fewer calls.
	ReasonRateLimited Reason = "rate_limited"
	// ReasonGatewayPaused means that the gateway was not called: its gate was closed, or a
	// person had paused the queue.
	ReasonGatewayPaused Reason = "gateway_paused"
)

// DeadReasons returns every reason of a dead outcome.
func DeadReasons() []Reason {
	return []Reason{
		ReasonNotIssued, ReasonRefused, ReasonUnsupportedGateway, ReasonAttemptsExhausted,
		ReasonUnconfirmed, ReasonInvalidTask, ReasonCrashed, ReasonWithdrawn, ReasonReissued,
		ReasonStatedNotRevoked,
	}
}

// TerminalReasons returns the reasons of all outcomes that have ended.
func TerminalReasons() []Reason {
	return append([]Reason{ReasonRevoked, ReasonAlreadyRevoked, ReasonStatedRevoked}, DeadReasons()...)
}

// Stated reports whether a person said so, and not PortOne: no attempt ends with it.
func (r Reason) Stated() bool { return r == ReasonStatedRevoked || r == ReasonStatedNotRevoked }

// RetryingReasons returns the reasons of retrying outcomes.
func RetryingReasons() []Reason {
	return []Reason{ReasonPGFailure, ReasonUnreachable, ReasonUnauthorized, ReasonRateLimited, ReasonGatewayPaused}
}

// Outcome is what is known about one imp_uid. Redis, JSON and CSV use the
// same field names; see [Fields].
type Outcome struct {
	ImpUID string
	PG     tasks.Gateway
	Batch  string
	Status Status
	Reason Reason

	// HTTPStatus, Code and Message are PortOne's last answer, as it came.
	// HTTPStatus is 0 and Code nil if there was none. Message is the gateway's
	// own text, cut at 500 bytes: for people, never to branch on. Where there was no
	// answer it says why.
	HTTPStatus int
	Code       *int
	Message    string

	// Attempts counts the DELETE calls made so far. Calls that a rate limit or
	// wrong credentials turned away do not count.
	Attempts int

	// Receipt is what PortOne says about the receipt, zero if it said nothing.
	Receipt

	FirstAttemptAt time.Time
	UpdatedAt      time.Time
	// NextAttemptAt is zero unless the status is [Retrying].
	NextAttemptAt time.Time
	// LookedUpUntil is until when it is looked up, before it is given up, if a DELETE may have
	// worked unseen: one that had no answer, or whose answer Redis may have lost. A time that
	// has passed, as of one whose worker has died, means that its next lookup tells.
	LookedUpUntil time.Time

	// Withdrawn tells that all who asked have cancelled it, unless it is revoked: no attempt
	// begins any more. If it has not ended, a worker ends it, after a lookup if it was called;
	// a dead letter is not revived.
	Withdrawn bool
	// Batches are those that ask for it, also those that did so after Batch,
	// and only where a [Store] reads the outcome.
	Batches []string

	// StatedBy is who settled it, and Statement what that person found out; both are
	// empty where it was not settled, or an attempt has ended since.
	StatedBy, Statement string
}

// Receipt is a cash receipt as PortOne describes it in its answers to
// /receipts calls (ReceiptAnnotation).
type Receipt struct {
	ReceiptTID  string    // the gateway's number
	ApplyNum    string    // the tax office's number
	Type        string    // person or company
	Amount      int64     // KRW
	VAT         int64     // KRW
	ReceiptURL  string    // where the receipt can be seen
	AppliedAt   time.Time // issued
	CancelledAt time.Time // revoked; zero if it is not
}
