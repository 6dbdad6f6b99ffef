package outcome

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed batch_open.lua
var openBatchSource string

var openBatchScript = redis.NewScript(batchSource + openBatchSource)

// OpenedBatch is what is known of the lists of a batch.
type OpenedBatch struct {
	// New tells that there was none of that name.
	New bool
	// Rows is how many rows there are, those without an answer included.
	Rows int
	// Ends are the rows at which the lists end that it is made of, in order.
	Ends []int
}

// OpenBatch opens a batch and makes it if there is none of that name. Source is
// where its list is, for people.
func (s *Store) OpenBatch(ctx context.Context, name, source string) (OpenedBatch, error) {
	if err := ValidateBatchName(name); err != nil {
		return OpenedBatch{}, err
	}
	now := s.config.Now().UnixMilli()
	reply, err := openBatchScript.Run(ctx, s.client, []string{s.batchKey(name), s.rowsKey(name), s.batchIndexKey()},
		name, s.config.TTL.Milliseconds(), s.now(), now, source).Slice()
	if err != nil {
		return OpenedBatch{}, fmt.Errorf("open the batch %s: %w", name, err)
	}
	rows, _ := reply[1].(int64)
	ends, _ := reply[2].(string)
	return OpenedBatch{New: reply[0] == int64(1), Rows: int(rows), Ends: parseEnds(ends)}, nil
}

// ReadBatch returns what [Store.OpenBatch] does of a batch that there is, and
// changes nothing. The error matches [ErrNoBatch] if there is none.
func (s *Store) ReadBatch(ctx context.Context, name string) (OpenedBatch, error) {
	var ends *redis.StringCmd
	var bytes *redis.IntCmd
	_, err := s.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		ends, bytes = p.HGet(ctx, s.batchKey(name), "ends"), p.StrLen(ctx, s.rowsKey(name))
		return nil
	})
	if errors.Is(ends.Err(), redis.Nil) && bytes.Err() == nil {
		return OpenedBatch{}, fmt.Errorf("%s: %w", name, ErrNoBatch)
	}
	if err != nil {
		return OpenedBatch{}, fmt.Errorf("read the batch %s: %w", name, err)
	}
	return OpenedBatch{Rows: int(bytes.Val()) / rowSize, Ends: parseEnds(ends.Val())}, nil
}

// parseEnds reads the rows at which lists end, as ",100,200,".
func parseEnds(text string) []int {
	var ends []int
	for end := range strings.SplitSeq(strings.Trim(text, ","), ",") {
		if n, err := strconv.Atoi(end); err == nil {
			ends = append(ends, n)
		}
	}
	slices.Sort(ends)
	return ends
}
