package outcome

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

var (
	//go:embed batch_join.lua
	joinSource string
	//go:embed batch_complete.lua
	completeSource string

	joinScript     = redis.NewScript(batchSource + joinSource)
	completeScript = redis.NewScript(batchSource + completeSource)
)

// Join lets a batch count an imp_uid that was asked for before, from the
// revocation's row. It returns what the row is.
func (s *Store) Join(ctx context.Context, r tasks.Revocation) (Kind, error) {
	keys := []string{s.outcomeKey(r.ImpUID), s.followersKey(r.ImpUID), s.batchKey(""), s.batchStreamKey()}
	kind, err := joinScript.Run(ctx, s.client, keys, r.Batch, lineOf(r), s.config.TTL.Milliseconds(), s.now()).Text()
	if err != nil {
		return 0, fmt.Errorf("let the batch %s follow %s: %w", r.Batch, r.ImpUID, err)
	}
	return Kind(kind[0]), nil
}

// LongerError says that a batch goes on after its list has ended.
type LongerError struct {
	Name string
	// Rows is how many the batch has.
	Rows int
}

func (e *LongerError) Error() string {
	return fmt.Sprintf("the list ends before the batch %s does, which has %d lines", e.Name, e.Rows)
}

// CompleteBatch notes that a list ended with the given row of a batch, which
// finishes the batch if all is done. The error is a [*LongerError] if the batch
// has rows after it, and matches [ErrNoBatch] if the batch is gone.
func (s *Store) CompleteBatch(ctx context.Context, name string, last int) error {
	keys := []string{s.batchKey(name), s.rowsKey(name), s.batchKey(""), s.batchStreamKey()}
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
