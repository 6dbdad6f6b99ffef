package outcome

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

var (
	//go:embed batch_mark.lua
	markSource string
	//go:embed batch_join.lua
	joinSource string
	//go:embed batch_complete.lua
	completeSource string

	markScript     = redis.NewScript(batchSource + markSource)
	joinScript     = redis.NewScript(batchSource + joinSource)
	completeScript = redis.NewScript(batchSource + completeSource)
)

// Kind is what came of asking for one row of a batch.
type Kind byte

// The kinds of rows. The zero value means that the row has no answer yet.
const (
	KindQueued    Kind = 'q' // the batch asked for it
	KindElsewhere Kind = 'e' // somebody else had asked for it before
	KindRepeated  Kind = 'r' // an earlier row of the batch had
	KindInvalid   Kind = 'i' // it cannot be asked for
)

// rowSize is how many bytes are kept of a row: its kind and its digest.
const rowSize = 5

// Row is what is kept of one row of a batch.
type Row struct {
	Kind Kind
	// Digest tells what the row asks for from anything else it could.
	Digest [rowSize - 1]byte
}

// ErrOtherList is matched where rows that another list has marked stand in the
// place of those to be marked: two lists were given under one name at a time.
var ErrOtherList = errors.New("another list is being given under the same name")

// Rows returns count rows of a batch from the given one on, numbered from 1.
func (s *Store) Rows(ctx context.Context, name string, first, count int) ([]Row, error) {
	from := int64(first-1) * rowSize
	text, err := s.client.GetRange(ctx, s.rows(name), from, from+int64(count)*rowSize-1).Result()
	if err != nil {
		return nil, fmt.Errorf("read rows of the batch %s: %w", name, err)
	}
	rows := make([]Row, count)
	for i := range min(count, len(text)/rowSize) {
		slot := text[i*rowSize:]
		rows[i].Kind = Kind(slot[0])
		copy(rows[i].Digest[:], slot[1:])
	}
	return rows, nil
}

// Mark writes what came of asking for rows of a batch, from the given one on,
// and by which gateways they are counted. Rows of no kind are left out, and
// rows that have an answer keep it. The error matches [ErrNoBatch] if the
// batch is gone, and [ErrOtherList] if rows of another list stand there.
func (s *Store) Mark(ctx context.Context, name string, first int, rows []Row, gateways []tasks.Gateway) error {
	digests, kinds, numbers := make([]byte, 0, 4*len(rows)), make([]byte, len(rows)), make([]byte, len(rows))
	var names []any
	known := make(map[tasks.Gateway]byte)
	for i, row := range rows {
		pg := tasks.QueueOf(tasks.Revocation{PG: gateways[i]}).PG
		if known[pg] == 0 {
			names = append(names, string(pg))
			known[pg] = byte(len(names))
		}
		digests = append(digests, row.Digest[:]...)
		kinds[i], numbers[i] = byte(row.Kind), known[pg]
		if row.Kind == 0 {
			kinds[i] = '.'
		}
	}
	args := append([]any{name, s.config.TTL.Milliseconds(), s.now(), first, digests, kinds, numbers}, names...)
	keys := []string{s.batch(name), s.rows(name), s.batchPrefix(), s.batchStream()}
	fresh, err := markScript.Run(ctx, s.client, keys, args...).Int()
	if err != nil {
		return fmt.Errorf("mark rows of the batch %s: %w", name, err)
	}
	switch fresh {
	case -1:
		return fmt.Errorf("%s: %w", name, ErrNoBatch)
	case -2:
		return fmt.Errorf("%s: %w", name, ErrOtherList)
	}
	return nil
}

// Join lets a batch count an imp_uid that was asked for before, from the
// revocation's row. It returns what the row is.
func (s *Store) Join(ctx context.Context, r tasks.Revocation) (Kind, error) {
	keys := []string{s.hash(r.ImpUID), s.followers(r.ImpUID), s.batchPrefix(), s.batchStream()}
	kind, err := joinScript.Run(ctx, s.client, keys, r.Batch, lineOf(r), s.config.TTL.Milliseconds(), s.now()).Text()
	if err != nil {
		return 0, fmt.Errorf("let the batch %s follow %s: %w", r.Batch, r.ImpUID, err)
	}
	return Kind(kind[0]), nil
}

// LongerError says that a batch goes on where its list ends.
type LongerError struct {
	Name string
	// Rows is how many the batch has.
	Rows int
}

func (e *LongerError) Error() string {
	return fmt.Sprintf("the batch %s has %d lines", e.Name, e.Rows)
}

// CompleteBatch notes that a list ended with the given row of a batch, which
// finishes the batch if all is done. The error is a [*LongerError] if the batch
// has rows behind, and matches [ErrNoBatch] if the batch is gone.
func (s *Store) CompleteBatch(ctx context.Context, name string, last int) error {
	keys := []string{s.batch(name), s.rows(name), s.batchPrefix(), s.batchStream()}
	reply, err := completeScript.Run(ctx, s.client, keys, name, s.config.TTL.Milliseconds(), s.now(), last).Slice()
	switch {
	case err != nil:
		return fmt.Errorf("complete the batch %s: %w", name, err)
	case reply[0] == "gone":
		return fmt.Errorf("%s: %w", name, ErrNoBatch)
	case reply[0] == "longer":
		rows, _ := reply[1].(int64)
		return &LongerError{Name: name, Rows: int(rows)}
	}
	return nil
}
