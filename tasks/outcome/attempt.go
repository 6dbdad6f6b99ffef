package outcome

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

var (
	beginScript  = script("attempt.lua", "beat_count.lua", "attempt_begin.lua")
	extendScript = script("attempt_extend.lua")
	finishScript = countingScript("attempt.lua", "attempt_finish.lua")
)

// maxMessage is how much of a gateway's text is kept, in bytes.
const maxMessage = 500

// TerminalError says that an attempt cannot begin because the imp_uid already
// has a terminal outcome.
type TerminalError struct {
	ImpUID string
	Status Status
}

func (e *TerminalError) Error() string {
	return fmt.Sprintf("%s is already %s", e.ImpUID, e.Status)
}

// BusyError says that an attempt cannot begin because another one is running,
// or ran until its process died; its lease ends after Wait.
type BusyError struct {
	ImpUID string
	Wait   time.Duration
	// PutOff tells that no other is running: PortOne wants no call for the receipt for Wait.
	PutOff bool
}

func (e *BusyError) Error() string {
	if e.PutOff {
		return fmt.Sprintf("PortOne wants no call for %s for %v", e.ImpUID, e.Wait)
	}
	return fmt.Sprintf("another attempt on %s is running, its lease ends in %v", e.ImpUID, e.Wait)
}

// Attempt is a running attempt: the right to call, and to say what came of it.
type Attempt struct {
	// Revocation is what is asked for, by the request that is recorded.
	Revocation tasks.Revocation
	// AskedAt is when it was asked for, on Redis' clock.
	AskedAt time.Time
	// Withdrawn tells that no DELETE may be made: all who asked have cancelled.
	Withdrawn bool
	// Number counts the DELETE calls including this one, from 1.
	Number int
	// Uncounted gives the count back when the attempt is finished: no DELETE
	// was made, or it was turned away unseen.
	Uncounted bool
	// FailedBefore tells that an earlier attempt failed, or that its end is not known.
	FailedBefore bool
	// Beats is the witness's new count of heartbeats, 0 without one.
	Beats int64
	// Memory is what the attempt before handed on, and this one hands on.
	Memory

	fence   string
	request string
	first   string
	redis   time.Time // Redis' time
	local   time.Time // and when it was no earlier than that
}

// Since returns when the first attempt on the imp_uid began, the zero time if
// that is not known.
func (a *Attempt) Since() time.Time {
	first, _ := time.Parse(time.RFC3339, a.first)
	return first
}

// RecordedNow reports whether this attempt recorded the request: its task is of a program
// that records none, and was there before AskedAt.
func (a *Attempt) RecordedNow() bool { return a.AskedAt.Equal(a.redis) }

// Now returns the time on Redis' clock: no later than it is there, and earlier by at
// most the round trip in which the attempt began.
func (a *Attempt) Now() time.Time { return a.redis.Add(time.Since(a.local)) }

// Uncertain tells that this or an earlier attempt may have revoked the receipt
// without anybody having heard of it.
func (a *Attempt) Uncertain() bool { return !a.UncertainAt.IsZero() }

// Begin counts an attempt and marks it as running for lease, in one atomic
// step. It returns a [*TerminalError] if there is nothing left to do, and a
// [*BusyError] if another attempt is running, or PortOne wants no call yet.
func (s *Store) Begin(ctx context.Context, r tasks.Revocation, lease time.Duration) (*Attempt, error) {
	return s.BeginAs(ctx, r, lease, NewCaller(), Witness{})
}

// NewCaller returns a name for one attempt to be begun with [Store.BeginAs], or a list
// to be asked for with [Store.AskRowsAs].
func NewCaller() string { return strconv.FormatUint(rand.Uint64(), 36) }

// BeginAs is [Store.Begin] for callers that repeat it when no answer came:
// under the same name it begins the same attempt, whose lease begins anew. The attempt
// counts as a heartbeat of the witness, if it has a name.
func (s *Store) BeginAs(
	ctx context.Context, r tasks.Revocation, lease time.Duration, caller string, by Witness,
) (*Attempt, error) {
	who, line := asker(r)
	come, err := s.attempt(ctx, beginScript,
		lease.Milliseconds(), caller, r.ImpUID, who, line, s.manners.json(r), by.Process, by.Seen)
	if err != nil {
		return nil, fmt.Errorf("begin the attempt on %s: %w", r.ImpUID, err)
	}
	reply := come.([]any)
	text, _ := reply[1].(string)
	switch reply[0] {
	case "terminal":
		return nil, &TerminalError{ImpUID: r.ImpUID, Status: Status(text)}
	case "busy", "put off":
		wait, err := time.ParseDuration(text + "ms")
		if err != nil {
			return nil, fmt.Errorf("begin the attempt on %s: lease: %w", r.ImpUID, err)
		}
		return nil, &BusyError{ImpUID: r.ImpUID, Wait: wait, PutOff: reply[0] == "put off"}
	}
	a := &Attempt{Revocation: r, Withdrawn: reply[2] == "1", redis: timeOf(text, time.UnixMicro), local: time.Now()}
	a.Beats, _ = reply[3].(int64)
	kept, _ := reply[4].([]any)
	asked, _ := reply[5].([]any)
	return a, a.read(kept, asked)
}

// read takes over what is kept of an attempt that has begun, and of its request.
func (a *Attempt) read(kept, asked pairs) (err error) {
	if a.Number, err = strconv.Atoi(kept.get("attempts")); err != nil {
		return fmt.Errorf("begin the attempt on %s: attempts: %w", a.Revocation.ImpUID, err)
	}
	r := &a.Revocation // the task may be an earlier request's
	// What an earlier task of the request named is still so.
	r.PG = cmp.Or(tasks.Gateway(asked.get("pg")), r.PG, tasks.Gateway(kept.get("pg")))
	r.Batch = asked.get("batch")
	r.ApplyNum, r.Tier, r.Again = asked.get("apply_num"), asked.get("tier"), asked.get("again") != ""
	a.request, a.AskedAt = asked.get("id"), timeOf(asked.get("id"), time.UnixMicro)
	a.fence, a.first, a.Memory = kept.get("fence"), kept.get("first_attempt_at"), readMemory(kept)
	a.FailedBefore = a.Number > 1 || slices.Contains([]Reason{
		ReasonPGFailure, ReasonUnreachable, ReasonAttemptsExhausted,
		ReasonUnconfirmed, ReasonStatedNotRevoked, // of revived ones
	}, Reason(kept.get("reason")))
	return nil
}

// Extend prolongs a running attempt's lease to at least lease from now. It reports
// whether the attempt may still call: not if it is over, a newer one has begun, or its
// request is an earlier one.
func (s *Store) Extend(ctx context.Context, a *Attempt, lease time.Duration) (may bool, err error) {
	impUID := a.Revocation.ImpUID
	may, err = s.run(ctx, extendScript, s.outcomeKey(impUID), a.fence, lease.Milliseconds(), impUID).Bool()
	if err != nil {
		return false, fmt.Errorf("extend the attempt on %s: %w", impUID, err)
	}
	return may, nil
}

// Finish writes what came of an attempt, in one atomic step: the outcome and,
// if it is terminal, its stream entry, its dead letter and what its batches
// count. Of o it takes the status, the reason, the answer, the receipt and when it is
// looked up or attempted again. Where o has no answer, or is retrying and has no reason,
// the last one stays. It reports false if nothing was written, because the same stands there
// already or because another attempt knows better: revoked wins over everything,
// otherwise the newer attempt wins.
func (s *Store) Finish(ctx context.Context, a *Attempt, o Outcome) (written bool, err error) {
	o.ImpUID, o.PG = a.Revocation.ImpUID, a.Revocation.PG
	o.Message = cut(o.Message, maxMessage)
	var own []any
	for _, f := range fields {
		switch f.name {
		case "imp_uid", "status", "reason", "batch", "attempts", "first_attempt_at", "updated_at", "withdrawn":
			continue // told apart; or the hash knows better, and Redis what time it is
		}
		if value := f.get(&o); value != "" {
			own = append(own, f.name, value)
		}
	}
	args := []any{
		a.fence, a.request, flag(a.Uncounted), o.NextAttemptAt.UnixMilli(), s.config.StreamLength,
		a.Number, a.first, a.Revocation.Batch,
		o.ImpUID, string(o.Status), string(o.Reason), flag(o.HTTPStatus != 0 || o.Message != ""), len(own),
	}
	args = append(append(args, own...), a.handOn(o)...)
	came, err := s.attempt(ctx, finishScript, args...)
	if err != nil {
		return false, fmt.Errorf("finish the attempt on %s: %w", o.ImpUID, err)
	}
	return came == int64(1), nil
}

// handOn returns the names and values of what the next attempt is to know: after a receipt that was revoked only that
// a DELETE may still be under way, which would hit the receipt that is issued next.
func (a *Attempt) handOn(o Outcome) []any {
	switch {
	case o.Status != Revoked:
		return a.values()
	case o.Reason == ReasonAlreadyRevoked:
		return Memory{UncertainAt: a.UncertainAt}.values()
	}
	return nil
}

// AttemptScripts returns the hashes of the scripts that begin and finish attempts, of which many
// can share one call: of calls with the same keys and the same first argument the other arguments
// stand behind each other, and the reply is a list with what each comes to.
func AttemptScripts() []string { return []string{beginScript.Hash(), finishScript.Hash()} }

// attempt runs a script for one attempt, and returns what it comes to.
func (s *Store) attempt(ctx context.Context, script *redis.Script, args ...any) (any, error) {
	replies, err := s.run(ctx, script, s.openKey(), append([]any{len(args)}, args...)...).Slice()
	if err != nil {
		return nil, err
	}
	if err, failed := replies[0].(error); failed {
		return nil, err
	}
	return replies[0], nil
}

// cut returns the longest beginning of s within limit bytes that ends between
// two characters.
func cut(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
