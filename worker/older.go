package worker

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"receiptrevoker/tasks/backlog"
)

// olderEvery is how often older workers are looked for.
const olderEvery = 3 * time.Second

// tellOlder says when a worker of an older version appears, and when it is gone, until
// ctx is done.
func (w *Worker) tellOlder(ctx context.Context) {
	workers := backlog.NewWorkers(w.config.Redis)
	var told []string
	for ; ctx.Err() == nil; sleep(ctx, olderEvery) {
		older, err := workers.Older(ctx)
		if err != nil {
			w.complaints.add(slog.LevelWarn, "older", "older workers not looked for, trying again", "error", err)
			continue
		}
		var names []string
		for _, one := range older {
			names = append(names, one.String())
		}
		if appeared := without(names, told); len(appeared) > 0 {
			w.config.Log.Warn("older workers run, and would revoke whichever receipt there is: apply_num and again "+
				"are refused until they are stopped or upgraded", "workers", appeared)
		}
		if gone := without(told, names); len(gone) > 0 {
			w.config.Log.Info("older workers are gone", "workers", gone)
		}
		told = names
	}
}

// without returns the names that are not among others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}
