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
	//go:embed batch_reserve.lua
	reserveSource string
	//go:embed batch_mark.lua
	markSource string

	reserveScript = redis.NewScript(batchSource + reserveSource)
	markScript    = redis.NewScript(batchSource + markSource)
)

// Kind is what came of asking for one row of a batch.
type Kind byte

// The kinds of rows. The zero value means that the row has no answer yet.
const (
	KindQueued    Kind = 'q' // the batch asked for it
	KindElsewhere Kind = 'e' // somebody else had asked for it before
	KindRepeated  Kind = 'r' // an earlier row of the batch had
	KindInvalid   Kind = 'i' // it cannot be asked for
	// KindReserved is no answer yet: the row is taken by the list that has it.
	KindReserved Kind = 's'
)

// rowSize is how many bytes are kept of a row: its kind and its digest.
const rowSize = 5

// Row is what is kept of one row of a batch.
type Row struct {
	Kind Kind
	// Digest tells what the row asks for from anything else it could.
	Digest [rowSize - 1]byte
	// Counted tells that what the row asks for has ended and is counted, also
	// if its outcome's life is over.
	Counted bool
}

// ErrOtherList is matched where another list has taken rows: two lists were
// given under one name at a time.
var ErrOtherList = errors.New("another list is being given under the same name")

// ErrTooLong is matched where a list would give a batch more than [MaxRows].
var ErrTooLong = fmt.Errorf("a batch may have %d lines; give the rest to another one", MaxRows)

// Rows returns count rows of a batch from the given one on, numbered from 1.
func (s *Store) Rows(ctx context.Context, name string, first, count int) ([]Row, error) {
	from, bits := int64(first-1)*rowSize, int64(first)/8
	var slots, counted *redis.StringCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		slots = p.GetRange(ctx, s.rowsKey(name), from, from+int64(count)*rowSize-1)
		counted = p.GetRange(ctx, s.countedKey(name), bits, int64(first+count)/8)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rows of the batch %s: %w", name, err)
	}
	rows := make([]Row, count)
	for i := range min(count, len(slots.Val())/rowSize) {
		slot := slots.Val()[i*rowSize:]
		rows[i].Kind = Kind(slot[0])
		copy(rows[i].Digest[:], slot[1:])
		bit := first + i - 8*int(bits)
		rows[i].Counted = bit/8 < len(counted.Val()) && counted.Val()[bit/8]&(0x80>>(bit%8)) != 0
	}
	return rows, nil
}

// Reserve takes rows of a batch for a list, from the given one on, before any of
// them is asked for. Rows that have an answer keep it. The error matches
// [ErrNoBatch] if the batch is gone, and [ErrOtherList] if another list has one
// of them, and [ErrTooLong] if no batch has all of them; then none is taken.
func (s *Store) Reserve(ctx context.Context, name string, first int, rows []Row) error {
	if first+len(rows)-1 > MaxRows {
		return fmt.Errorf("%s: %w", name, ErrTooLong)
	}
	slots := make([]byte, 0, rowSize*len(rows))
	for _, row := range rows {
		slots = append(append(slots, byte(KindReserved)), row.Digest[:]...)
	}
	keys := []string{s.batchKey(name), s.rowsKey(name)}
	return refusal("reserve", name, reserveScript.Run(ctx, s.client, keys, s.config.TTL.Milliseconds(), first, slots))
}

// Mark writes what came of asking for rows of a batch, from the given one on,
// and by which gateways they are counted. Rows of no kind are left out, and
// rows that have an answer keep it. The error matches [ErrNoBatch] if the
// batch is gone, and [ErrOtherList] if they are another list's.
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
	keys := []string{s.batchKey(name), s.rowsKey(name), s.batchKey(""), s.batchStreamKey()}
	return refusal("mark", name, markScript.Run(ctx, s.client, keys, args...))
}

// refusal returns why a script that was to write rows of a batch did not.
func refusal(write, name string, reply *redis.Cmd) error {
	switch done, err := reply.Int(); {
	case err != nil:
		return fmt.Errorf("%s rows of the batch %s: %w", write, name, err)
	case done == -1:
		return fmt.Errorf("%s: %w", name, ErrNoBatch)
	case done == -2:
		return fmt.Errorf("%s: %w", name, ErrOtherList)
	}
	return nil
}
