package revoke

import (
	"context"
	"log/slog"
	"time"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/gate"
)

// record writes what an attempt found and returns what Asynq hears. Where nothing can be written it
// returns an error too: the next attempt's lookup finds the truth.
func (h *Handler) record(ctx context.Context, a *outcome.Attempt, found finding) error {
	o := found.outcome()
	number := a.Number
	// What is handed on to the next attempt: a counted one begins anew, and one that was turned away
	// counts its tries, which make its delays longer.
	switch found.counting {
	case counted:
		a.Tries, a.RefusedSince = 0, time.Time{}
	case turnedAway:
		number += a.Tries
		a.Tries++
		if a.RefusedSince.IsZero() {
			a.RefusedSince = a.Now()
		}
	}
	// Kept in Redis as well, so that a person or a gate that brings the task forward does not call
	// before PortOne wants it.
	a.NotBefore = time.Time{}
	if wait := found.putOff(); wait > 0 {
		a.NotBefore = a.Now().Add(wait)
	}
	var delay time.Duration
	if o.Status == outcome.Retrying {
		if h.first(a, found) {
			number++
		}
		delay = found.delay(h.Schedule, number)
		o.NextAttemptAt, o.LookedUpUntil = a.Now().Add(delay), h.lookedUpUntil(a)
	}
	a.Uncounted = found.counting != counted
	written, err := h.write(ctx, a, o)
	h.ended(ctx, a, found, written)
	switch {
	case redisfault.Corrupt(err):
		return &again{after: h.Schedule.Longest(), cause: err}
	case err != nil:
		// The next attempt's lookup finds the truth.
		return &again{cause: err}
	}
	if written {
		h.logOutcome(ctx, a, o, found.err)
	}
	switch o.Status {
	case outcome.Revoked:
		return nil
	case outcome.Dead:
		return never(o.Reason, found.err)
	}
	return &again{after: delay, counted: !a.Uncounted, cause: found.err}
}

// lookedUpUntil is until when a receipt is looked up before it is given up, of which a DELETE may have
// worked unseen: while PortOne may be at work on it, ten times the timeout, and for
// [Handler.GiveUpAfter] since the first lookup that told nothing. It is zero if no DELETE may have
// worked so, or a lookup has told.
func (h *Handler) lookedUpUntil(a *outcome.Attempt) time.Time {
	until := a.UncertainAt.Add(h.UnseenFor)
	switch longer := a.AskedSince.Add(h.GiveUpAfter); {
	case !a.Uncertain(), a.AskedSince.IsZero() && until.Before(a.Now()):
		return time.Time{}
	case !a.AskedSince.IsZero() && longer.After(until):
		return longer
	}
	return until
}

// first reports whether the retry after an attempt waits as long as the second: it is the first, and as
// many receipts fail as close a gate, none succeeding. By then the gate has closed or something has
// succeeded, and a receipt loses one attempt to an outage at most.
func (h *Handler) first(a *outcome.Attempt, found finding) bool {
	return a.Number == 1 && found.counting == counted && h.Gates.States()[gate.Of(a.Revocation.PG)].Failed >= gate.Fewest
}

// persist does something with Redis until it succeeds or the process no longer waits, on a context that
// outlives the task's: what a call found must not be lost because Asynq has lost the task's lease, or a
// person cancels the task.
func (h *Handler) persist(ctx context.Context, do retry.RetryFunc) error {
	ctx, release := until(context.WithoutCancel(ctx), h.Abandoned)
	defer release()
	return retry.Do(ctx, redisfault.Backoff(), do)
}

// write writes an outcome. Where that cannot work with what Redis holds of the imp_uid, it gives up,
// unless the receipt is revoked and a value can be mended: a finding that says revoked waits for a
// person to mend it. A key of another type holds no value that could be.
func (h *Handler) write(ctx context.Context, a *outcome.Attempt, o outcome.Outcome) (written bool, err error) {
	err = h.persist(ctx, func(ctx context.Context) error {
		written, err = h.Outcomes.Finish(ctx, a, o)
		if err == nil {
			return nil
		}
		facts := complaint.About(ctx, a.Revocation, "attempt", a.Number, "status", o.Status, "error", err)
		if redisfault.Of(err) == redisfault.WrongType || redisfault.Corrupt(err) && o.Status != outcome.Revoked {
			h.Log.Error("outcome not written: mend its keys in Redis", facts...)
			return err
		}
		h.Complaints.Add(slog.LevelWarn, "finish", "outcome not written, trying again", facts...)
		return retry.RetryableError(err)
	})
	return written, err
}

// logOutcome logs an outcome that was written, and if it has no message why it is that.
func (h *Handler) logOutcome(ctx context.Context, a *outcome.Attempt, o outcome.Outcome, cause error) {
	if o.Message == "" && cause != nil && o.HTTPStatus == 0 {
		o.Message = cause.Error()
	}
	level := slog.LevelInfo
	switch {
	// Once PortOne's gate is closed for it, the log has said so.
	case o.Reason == outcome.ReasonUnauthorized && h.Gates.Closed() == nil:
		h.Complaints.Add(slog.LevelError, "unauthorized", "PortOne refuses the credentials, or this address",
			"http_status", o.HTTPStatus, "message", o.Message)
	// A withdrawn request was requested so, and is no warning.
	case o.Status == outcome.Dead && o.Reason != outcome.ReasonWithdrawn:
		level = slog.LevelWarn
	}
	args := complaint.About(ctx, a.Revocation, "attempt", a.Number, "reason", string(o.Reason))
	if o.HTTPStatus != 0 {
		args = append(args, "http_status", o.HTTPStatus)
	}
	if o.Message != "" {
		args = append(args, "message", o.Message)
	}
	if !o.LookedUpUntil.IsZero() {
		args = append(args, "looked_up_until", o.LookedUpUntil)
	}
	if !o.NextAttemptAt.IsZero() {
		args = append(args, "next_attempt_at", o.NextAttemptAt)
	}
	h.Log.Log(ctx, level, string(o.Status), args...)
}
