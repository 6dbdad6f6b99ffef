package outcome

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strconv"

	"receiptrevoker/tasks"
)

var (
	askScript      = countingScript("ask.lua")
	completeScript = countingScript("ask_complete.lua")
)

// Asked is what came of recording a request.
type Asked struct {
	Kind Kind
	// Enqueue tells that a task is needed: the request is new, or no attempt has begun
	// on it.
	Enqueue bool
	// Before tells that this row of a batch was asked for by an earlier call.
	Before bool
	// Other tells that another receipt of the imp_uid is being revoked, or one of another
	// tier, so that nothing was recorded.
	Other bool
	// Status is how far an imp_uid has come, and ApplyNum the number of its receipt: the
	// one that was revoked, or is asked for where that is another. Of a single
	// request alone.
	Status   Status
	ApplyNum string
}

// Ask records a single request, in one atomic step with the set of what is open. It
// is new unless the imp_uid is open or has ended. It is new as well where the earlier one
// was withdrawn, and no attempt is running that may call; and where that has ended and it
// asks again, or by another apply_num. The producer enqueues it then; should that fail, a
// worker does.
func (s *Store) Ask(ctx context.Context, r tasks.Revocation) (Asked, error) {
	r.Batch = ""
	reply, err := s.askSingle(ctx, false, []tasks.Revocation{r})
	if err != nil {
		return Asked{}, fmt.Errorf("record the request for %s: %w", r.ImpUID, err)
	}
	a := readAsked(reply[3][0])
	a.Status, a.ApplyNum = Status(reply[4]), reply[5]
	a.Enqueue = a.Status == Queued && !a.Other
	return a, nil
}

// askSingle asks for requests that are in no batch, and changes nothing in a dry run. It
// returns the reply of the script.
func (s *Store) askSingle(ctx context.Context, dry bool, requests []tasks.Revocation) ([]string, error) {
	rows := bytes.Repeat([]byte{'?', 0, 0, 0, 0}, len(requests))
	args := []any{"", flag(dry), "", "", 1, rows}
	for _, r := range requests {
		args = append(args, r.ImpUID, "1", s.manners.json(r))
	}
	return s.run(ctx, askScript, s.openKey(), args...).StringSlice()
}

// AskRows records rows of a batch, from the given one on, and what is asked for in
// them; a row of a kind is not asked for. The batch is made if there is none and the
// row is the first; source is where its list is, for people.
//
// The error is an [*OtherListError] if the batch was made of another list, and matches
// [ErrNoBatch] if the batch is gone, [ErrCancelled], or [ErrTooLong] if no batch has so
// many; nothing is recorded then.
func (s *Store) AskRows(
	ctx context.Context, name, source string, first int, rows []Row, requests []tasks.Revocation,
) ([]Asked, error) {
	return s.AskRowsAs(ctx, NewCaller(), name, source, first, rows, requests)
}

// AskRowsAs is [Store.AskRows] for callers whose commands are repeated when no answer
// came, by themselves or by the Redis client: the same caller is told the same again.
func (s *Store) AskRowsAs(
	ctx context.Context, caller, name, source string, first int, rows []Row, requests []tasks.Revocation,
) ([]Asked, error) {
	if first+len(rows)-1 > MaxRows {
		return nil, fmt.Errorf("%s: %w", name, ErrTooLong)
	}
	args := s.askArgs(caller, name, source, first, rows, requests)
	reply, err := s.run(ctx, askScript, s.openKey(), args...).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("record rows of the batch %s: %w", name, err)
	}
	switch reply[0] {
	case "gone":
		return nil, fmt.Errorf("%s: %w", name, ErrNoBatch)
	case "cancelled":
		return nil, fmt.Errorf("%s: %w", name, ErrCancelled)
	case "longer":
		rows, _ := strconv.Atoi(reply[1])
		return nil, &OtherListError{Batch: name, Rows: rows}
	case "other":
		row, _ := strconv.Atoi(reply[1])
		return nil, &OtherListError{Batch: name, Row: row}
	}
	return readRows(reply[1:], first, len(rows)), nil
}

// askArgs are what the script is told of rows of a batch.
func (s *Store) askArgs(caller, batch, source string, first int, rows []Row, requests []tasks.Revocation) []any {
	kept := make([]byte, 0, rowSize*len(rows))
	args := make([]any, 6, 6+3*len(rows))
	for i, r := range requests {
		if rows[i].Kind == KindInvalid {
			r = tasks.Revocation{PG: r.PG}
		}
		r.Batch, r.Row = batch, first+i
		args = append(args, r.ImpUID, lineOf(r), s.manners.json(r))
		kept = append(append(kept, byte(cmp.Or(rows[i].Kind, '?'))), rows[i].Digest[:]...)
	}
	copy(args, []any{batch, flag(false), source, caller, first, kept})
	return args
}

// readRows reads what the script returns of so many rows: those that were asked for
// before, from which row on they were by this caller, whose reply was lost, and the rest.
func readRows(reply []string, first, count int) []Asked {
	asked, before := make([]Asked, count), len(reply[0])/rowSize
	own, err := strconv.Atoi(reply[1])
	for i := range asked {
		if i >= before {
			asked[i] = readAsked(reply[2][i-before])
			continue
		}
		kind, mine := Kind(reply[0][i*rowSize]), err == nil && first+i >= own
		asked[i] = Asked{Kind: kind, Enqueue: mine && kind == KindQueued, Before: !mine}
	}
	return asked
}

// readAsked reads a kind as the script returns it.
func readAsked(kind byte) Asked {
	switch kind {
	case 'x':
		return Asked{Kind: KindInvalid, Other: true}
	case 'k':
		return Asked{Kind: KindQueued}
	}
	return Asked{Kind: Kind(kind), Enqueue: Kind(kind) == KindQueued}
}

// CompleteBatch notes that a list ended with the given row of a batch, which
// finishes the batch if all is done. The error is an [*OtherListError] if the batch
// has rows after it, and matches [ErrNoBatch] if the batch is gone.
func (s *Store) CompleteBatch(ctx context.Context, name string, last int) error {
	rows, err := s.run(ctx, completeScript, s.batchKey(name), name, last).Int()
	switch {
	case err != nil:
		return fmt.Errorf("complete the batch %s: %w", name, err)
	case rows < 0:
		return fmt.Errorf("%s: %w", name, ErrNoBatch)
	case rows > last:
		return &OtherListError{Batch: name, Rows: rows}
	}
	return nil
}
