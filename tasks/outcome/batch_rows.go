package outcome

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Kind is what came of asking for one row of a batch.
type Kind byte

// The kinds of rows. The zero value means that the row has no answer yet.
const (
	KindQueued    Kind = 'q' // the batch asked for it
	KindElsewhere Kind = 'e' // another request had asked for it before
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

// Rows returns the rows of a batch from the given one on, numbered from 1, at most
// as many as asked for.
func (s *Store) Rows(ctx context.Context, name string, first, count int) ([]Row, error) {
	from := int64(first-1) * rowSize
	var slots *redis.StringCmd
	var batch *redis.IntCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		slots = p.GetRange(ctx, s.rowsKey(name), from, from+int64(count)*rowSize-1)
		batch = p.Exists(ctx, s.batchKey(name))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rows of the batch %s: %w", name, err)
	}
	if batch.Val() == 0 {
		return nil, fmt.Errorf("%s: %w", name, ErrNoBatch)
	}
	rows := make([]Row, len(slots.Val())/rowSize)
	for i := range rows {
		slot := slots.Val()[i*rowSize:]
		rows[i].Kind = Kind(slot[0])
		copy(rows[i].Digest[:], slot[1:])
	}
	return rows, nil
}

// ErrOtherList is matched where a batch was made of another list.
var ErrOtherList = errors.New("the batch was made of another list")

// ErrCancelled is matched where a batch was cancelled, so that nothing more is asked
// for in it.
var ErrCancelled = errors.New("the batch was cancelled")

// ErrTooLong is matched where a list would give a batch more than [MaxRows].
var ErrTooLong = fmt.Errorf("a batch may have %d lines; give the rest to another one", MaxRows)

// OtherListError says that a list is not the one that a batch was made of.
type OtherListError struct {
	Batch string
	// Row is the first row that is another; 0 if that is how many there are.
	Row int
	// Rows is how many rows the batch's list has, if the one given has more or fewer.
	Rows int
}

func (e *OtherListError) Error() string {
	if e.Row > 0 {
		return fmt.Sprintf("the batch %s was made of another list: line %d is another", e.Batch, e.Row)
	}
	return fmt.Sprintf("the batch %s was made of another list, which has %d lines", e.Batch, e.Rows)
}

func (e *OtherListError) Unwrap() error { return ErrOtherList }
