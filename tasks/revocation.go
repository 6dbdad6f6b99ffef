// Package tasks is the contract between those who ask for a cash receipt to be
// revoked and those who do it: the task's type, its payload, the payment
// gateways, and the names of the queues.
package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/hibiken/asynq"
)

// TypeRevoke is the Asynq type of a task that revokes one cash receipt.
const TypeRevoke = "receipt:revoke"

const (
	// maxRetry is what Asynq is told. It stands far above any limit of the
	// worker, which counts attempts itself: Asynq compares its own counter
	// before it asks whether an error counts, and would archive a task whose
	// last attempt merely met a rate limit.
	maxRetry = 1_000_000

	// timeout is Asynq's bound on one attempt. The worker bounds its calls
	// itself and far below; Asynq's bound would abandon a handler half-way.
	timeout = 30 * time.Minute
)

var (
	maxRetryOption = asynq.MaxRetry(maxRetry)
	timeoutOption  = asynq.Timeout(timeout)
)

// ErrInvalid is matched by every error that says that a payload can never
// become a call: unreadable JSON, or an imp_uid out of its alphabet.
var ErrInvalid = errors.New("invalid revocation")

// Revocation is the payload of a task: the request to revoke the cash receipt
// of one payment. Only ImpUID is required.
type Revocation struct {
	// ImpUID is PortOne's identifier of the payment.
	ImpUID string `json:"imp_uid"`
	// PG is the payment gateway, which decides the queue. It may have any name that
	// [ParseGateway] knows, such as kcp.T0000; what is not known is carried along.
	PG Gateway `json:"pg,omitempty"`
	// Batch names the bulk job that the revocation belongs to, if any.
	Batch string `json:"batch,omitempty"`
	// Row is the line's place in its batch, from 1.
	Row int `json:"row,omitempty"`
	// ApplyNum is the tax office's number of the receipt that is meant, if only that
	// one may be revoked: an imp_uid has another receipt after each partial refund. It
	// is looked up before every call, so that PortOne must document lookups for the
	// gateway, or the gateway be unknown.
	ApplyNum string `json:"apply_num,omitempty"`
	// Again asks for the receipt that exists now, whatever an earlier request ended with.
	Again bool `json:"again,omitempty"`
	// Tier is the code of the sub-merchant whose payment it is, where an agency calls for
	// several. Without it the worker's own is used.
	Tier string `json:"tier,omitempty"`
}

// maxApplyNum is the longest number of a receipt; those of the tax office have nine
// digits.
const maxApplyNum = 40

// Validate returns an error that matches [ErrInvalid] if the revocation can
// never become a call.
func (r Revocation) Validate() error {
	if err := ValidateImpUID(r.ImpUID); err != nil {
		return err
	}
	if r.Tier != "" {
		if err := ValidateTier(r.Tier); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	if r.ApplyNum == "" {
		return nil
	}
	for _, c := range r.ApplyNum {
		if !allowed(c) || len(r.ApplyNum) > maxApplyNum {
			return fmt.Errorf("%w: apply_num %.50q must be 1 to %d characters of A-Z a-z 0-9 _ and -",
				ErrInvalid, r.ApplyNum, maxApplyNum)
		}
	}
	if pg, known := ParseGateway(string(r.PG)); known && !pg.LooksUp() {
		return fmt.Errorf("%w: apply_num cannot be checked on %s, for which PortOne documents no lookup",
			ErrInvalid, pg.English())
	}
	return nil
}

// ValidateNew is [Revocation.Validate] for those who ask: an apply_num such as NULL, which an
// export writes where there is none, names no receipt. Tasks that hold one already are
// carried out, and end as reissued.
func (r Revocation) ValidateNew() error {
	if r.ApplyNum != "" && StandsForNoValue(r.ApplyNum) {
		return fmt.Errorf("%w: apply_num %.50q stands for no value: leave it empty where any receipt is meant",
			ErrInvalid, r.ApplyNum)
	}
	return r.Validate()
}

// ValidateImpUID returns an error that matches [ErrInvalid] unless impUID is 1
// to 32 characters of A-Z a-z 0-9 _ and -. PortOne's specification bounds the
// length; the alphabet keeps an imp_uid from reaching another endpoint, such
// as /receipts/external/….
func ValidateImpUID(impUID string) error {
	if impUID == "" {
		return fmt.Errorf("%w: the imp_uid is empty", ErrInvalid)
	}
	for _, c := range impUID {
		if !allowed(c) {
			return fmt.Errorf("%w: imp_uid %.40q contains %q, only A-Z a-z 0-9 _ and - are allowed", ErrInvalid, impUID, c)
		}
	}
	if len(impUID) > 32 {
		return fmt.Errorf("%w: imp_uid %.40q has %d characters, at most 32 are allowed", ErrInvalid, impUID, len(impUID))
	}
	return nil
}

var tierFormat = regexp.MustCompile(`^[A-Z0-9]{3}$`)

// ValidateTier returns an error unless tier is what PortOne gives to a sub-merchant:
// exactly three upper-case letters or digits.
func ValidateTier(tier string) error {
	if !tierFormat.MatchString(tier) {
		return fmt.Errorf("tier %.20q must be three upper-case letters or digits", tier)
	}
	return nil
}

func allowed(c rune) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// TaskID returns the Asynq task ID of an imp_uid's revocation. It is the same
// each time, so that asking twice is asking once while the task exists.
func TaskID(impUID string) string { return "revoke:" + impUID }

// NewTask returns the task that asks for r, with its ID and its queue set.
// Further options, such as [asynq.Retention], are passed through. The error
// matches [ErrInvalid].
func NewTask(r Revocation, opts ...asynq.Option) (*asynq.Task, error) {
	return newTask(r, nil, opts)
}

func newTask(r Revocation, headers map[string]string, opts []asynq.Option) (*asynq.Task, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the payload of %s: %w", r.ImpUID, err)
	}
	own := make([]asynq.Option, 0, 4+len(opts))
	own = append(own, asynq.TaskID(TaskID(r.ImpUID)), asynq.Queue(QueueOf(r).Name()), maxRetryOption, timeoutOption)
	return asynq.NewTaskWithHeaders(TypeRevoke, payload, headers, append(own, opts...)...), nil
}
