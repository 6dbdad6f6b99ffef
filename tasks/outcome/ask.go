package outcome

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

var (
	//go:embed ask.lua
	askSource string
	//go:embed batch_complete.lua
	completeSource string

	askScript      = redis.NewScript(batchSource + askSource)
	completeScript = redis.NewScript(batchSource + completeSource)
)

// Asked is what came of recording a request.
type Asked struct {
	Kind Kind
	// Enqueue tells that a task is needed: the request is new, or nobody has begun
	// with it.
	Enqueue bool
	// Before tells that this row of a batch was asked for by an earlier call.
	Before bool
	// Other tells that another receipt of the imp_uid is being revoked, so that
	// nothing was recorded.
	Other bool
	// Status is how far an imp_uid has come, and ApplyNum the number of its receipt: the
	// one that was revoked, or is asked for where that is another. Of a single
	// request alone.
	Status   Status
	ApplyNum string
}

// Ask records a single request, in one atomic step with the set of what is open. It
// is new unless the imp_uid is open or has ended; one that was withdrawn, or is
// asked for again, or by another apply_num than the one that was revoked, is new as
// well. The producer enqueues it then; should that fail, a worker does.
func (s *Store) Ask(ctx context.Context, r tasks.Revocation) (Asked, error) {
	reply, err := s.ask(ctx, "", "", "", 1, []byte{'?'}, nil, []tasks.Revocation{r})
	if err != nil {
		return Asked{}, fmt.Errorf("record the request for %s: %w", r.ImpUID, err)
	}
	a := readAsked(reply[1])
	a.Status, a.ApplyNum = Status(reply[2]), reply[3]
	return a, nil
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
	kinds, digests := make([]byte, len(rows)), make([]byte, 0, 4*len(rows))
	for i, row := range rows {
		kinds[i] = byte(row.Kind)
		if row.Kind == 0 {
			kinds[i] = '?'
		}
		digests = append(digests, row.Digest[:]...)
	}
	reply, err := s.ask(ctx, caller, name, source, first, kinds, digests, requests)
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
	asked := make([]Asked, len(rows))
	for i := range asked {
		asked[i] = readAsked(reply[1][2*i:])
	}
	return asked, nil
}

func (s *Store) ask(
	ctx context.Context, caller, batch, source string, first int, kinds, digests []byte, requests []tasks.Revocation,
) ([]string, error) {
	args := make([]any, 0, 7+2*len(requests))
	args = append(args, s.config.TTL.Milliseconds(), batch, source, first, digests, kinds, caller)
	for i, r := range requests {
		if kinds[i] == byte(KindInvalid) {
			r = tasks.Revocation{PG: r.PG}
		}
		args = append(args, r.ImpUID, manner(r))
	}
	keys := []string{
		s.openKey(), s.outcomeKey(""), s.requestKey(""), s.batchKey(""), s.batchIndexKey(), s.batchStreamKey(),
	}
	return askScript.Run(ctx, s.client, keys, args...).StringSlice()
}

// manner is how the script reads what is asked for besides the imp_uid: of most
// requests the gateway by which they are counted, which is their own.
func manner(r tasks.Revocation) string {
	as := tasks.QueueOf(r).PG
	if as == r.PG && r.ApplyNum == "" && !r.Again {
		return string(as)
	}
	return string(as) + "\t" + r.ApplyNum + "\t" + flag(r.Again) + "\t" + string(r.PG)
}

// readAsked reads the two letters that the script returns for a request.
func readAsked(letters string) Asked {
	a := Asked{Kind: Kind(letters[0]), Enqueue: letters[1] == '+', Before: letters[1] == 'b'}
	if a.Other = a.Kind == 'x'; a.Other {
		a.Kind = KindInvalid
	}
	return a
}

// CompleteBatch notes that a list ended with the given row of a batch, which
// finishes the batch if all is done. The error is an [*OtherListError] if the batch
// has rows after it, and matches [ErrNoBatch] if the batch is gone.
func (s *Store) CompleteBatch(ctx context.Context, name string, last int) error {
	keys := []string{s.batchKey(name), s.rowsKey(name), s.batchKey(""), s.batchStreamKey()}
	rows, err := completeScript.Run(ctx, s.client, keys, name, s.config.TTL.Milliseconds(), last).Int()
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
