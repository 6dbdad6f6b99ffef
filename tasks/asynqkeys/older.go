package asynqkeys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
)

// ErrOlderWorker is matched where a request may be carried out wrongly by a worker that
// lives.
var ErrOlderWorker = errors.New("an older worker would revoke whichever receipt there is")

// Understand returns nil if all workers that live understand what r asks for; otherwise an
// error that names those that do not, and matches [ErrOlderWorker]. Redis is asked only if
// r says which receipt it means, by its ApplyNum or Again, or whose, by its Tier.
func (w *Workers) Understand(ctx context.Context, r tasks.Revocation) error {
	if r.ApplyNum == "" && !r.Again && r.Tier == "" {
		return nil
	}
	older, err := w.Older(ctx)
	if err == nil && len(older) > 0 {
		err = fmt.Errorf("%s: %w: stop or upgrade %v, then request it again", r.ImpUID, ErrOlderWorker, older)
	}
	return err
}

// Watch looks so often for older workers, and tells of those that have appeared or are gone, each once,
// until ctx is done; and each time when it cannot be seen. A look reads what all servers have written.
func (w *Workers) Watch(ctx context.Context, every time.Duration, tell func(appeared, gone []Worker, err error)) {
	var told []Worker
	for ; ctx.Err() == nil; _ = wait.For(ctx, every) {
		older, err := w.Older(ctx)
		if err != nil {
			tell(nil, nil, err)
			continue
		}
		if appeared, gone := without(older, told), without(told, older); len(appeared)+len(gone) > 0 {
			tell(appeared, gone, nil)
		}
		told = older
	}
}

// without returns the workers that are not among others.
func without(workers, others []Worker) []Worker {
	return slices.DeleteFunc(slices.Clone(workers), func(a Worker) bool {
		return slices.ContainsFunc(others, func(b Worker) bool { return a.String() == b.String() })
	})
}
