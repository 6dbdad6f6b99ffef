package sweep

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

// archiveKeep is how many archived tasks each queue keeps, for people to see. Asynq trims its
// archive at 10,000 without a word (maxArchiveSize in its internal/rdb/rdb.go), and cannot if
// thousands end their 90 days together; this limit stays far below both.
const archiveKeep = 500

// archive gives every archived task of a queue an outcome, and deletes the oldest of those that have
// one: the list of dead letters is ours, not Asynq's.
func (s *Sweeper) archive(ctx context.Context, queue string, until time.Time) error {
	size, err := s.recovery(queue).CountArchived(ctx)
	if err != nil {
		return err
	}
	var done, open []archivedTask // oldest first
	var problems []error
	for start := int64(0); start < size && !s.over(ctx, until); start += asynqkeys.ArchivePage {
		page, unreadable, err := s.archived(ctx, queue, start)
		if err != nil {
			return err
		}
		problems = append(problems, s.discardAll(ctx, queue, unreadable))
		for _, task := range page {
			if task.settlement(s.Attempts) == ended {
				done = append(done, task)
			} else {
				open = append(open, task)
			}
		}
	}
	trimmed := forEach(ctx, s, done[:max(len(done)-archiveKeep, 0)], until, s.remove)
	// Tasks that could not be settled come again with each sweep. In their order, the same ones would
	// take all of the stage's time.
	rand.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	return errors.Join(append(problems, trimmed, forEach(ctx, s, open, until, s.settle))...)
}

// archived returns a page of the archive, oldest first, with what is known of each task, and the IDs of
// the tasks that Asynq cannot read.
func (s *Sweeper) archived(ctx context.Context, queue string, start int64) ([]archivedTask, []string, error) {
	all, unreadable, err := s.recovery(queue).Archived(ctx, start)
	if err != nil {
		return nil, nil, err
	}
	page := make([]archivedTask, len(all))
	for i, task := range all {
		page[i].ArchivedTask = task
	}
	return page, unreadable, s.inform(ctx, page)
}

// inform adds to archived tasks what is known of them, in one round trip. An outcome that cannot be
// read is known to be so, and stops no other.
func (s *Sweeper) inform(ctx context.Context, page []archivedTask) error {
	impUIDs := make([]string, len(page))
	for i := range page {
		t := &page[i]
		t.revocation, t.invalid = tasks.ParseTask(t.Type, t.Payload, t.ID)
		impUIDs[i] = t.revocation.ImpUID
	}
	i := 0
	for o, err := range s.Outcomes.Each(ctx, impUIDs) {
		if _, corrupt := errors.AsType[*outcome.CorruptError](err); err != nil && !corrupt {
			return err
		}
		page[i].known, page[i].unknown = o, err
		i++
	}
	return nil
}
