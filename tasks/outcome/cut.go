package outcome

import (
	"context"
	"fmt"
)

// cutKey holds the queues whose archive may have been cut.
func (s *Store) cutKey() string { return s.key("cut-archives") }

// MarkCut notes that Asynq's archive of a queue may have been cut, and have
// lost tasks without an outcome. It stays so until [Store.ClearCut], whatever
// process looks for them.
func (s *Store) MarkCut(ctx context.Context, queue string) error {
	if err := s.client.SAdd(ctx, s.cutKey(), queue).Err(); err != nil {
		return fmt.Errorf("note that the archive of %s may have been cut: %w", queue, err)
	}
	return nil
}

// CutArchives returns the queues whose archive may have been cut.
func (s *Store) CutArchives(ctx context.Context) ([]string, error) {
	queues, err := s.client.SMembers(ctx, s.cutKey()).Result()
	if err != nil {
		return nil, fmt.Errorf("list the archives that may have been cut: %w", err)
	}
	return queues, nil
}

// ClearCut notes that nothing is missing from a queue's archive any more.
func (s *Store) ClearCut(ctx context.Context, queue string) error {
	if err := s.client.SRem(ctx, s.cutKey(), queue).Err(); err != nil {
		return fmt.Errorf("note that the archive of %s is whole: %w", queue, err)
	}
	return nil
}
