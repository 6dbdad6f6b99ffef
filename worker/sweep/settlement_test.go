package sweep_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/sweep"
)

func TestSettlementOfArchivedTasks(t *testing.T) {
	t.Parallel()
	const limit = 4
	at := time.Unix(1_800_000_000, 0)
	failed := asynq.TaskInfo{MaxRetry: 25, Retried: 25, LastFailedAt: at}
	begun := func(attempts int) outcome.Outcome {
		return outcome.Outcome{Status: outcome.Retrying, Attempts: attempts, UpdatedAt: at}
	}
	none := &outcome.CorruptError{ImpUID: "imp_1", Err: outcome.ErrNotFound}
	for name, test := range map[string]struct {
		task sweep.Archived
		want sweep.Settlement
	}{
		"revoked": {sweep.Archived{Known: outcome.Outcome{Status: outcome.Revoked}}, sweep.SettledEnded},
		"dead":    {sweep.Archived{Known: outcome.Outcome{Status: outcome.Dead}}, sweep.SettledEnded},
		"dead, and invalid": {
			sweep.Archived{Known: outcome.Outcome{Status: outcome.Dead}, Invalid: tasks.ErrInvalid}, sweep.SettledEnded,
		},
		"a worker had it archived, and its outcome is gone": {
			sweep.Archived{Task: asynq.TaskInfo{LastErr: "not_issued: " + asynq.SkipRetry.Error()}, Unknown: none},
			sweep.SettledEnded,
		},
		"its outcome is corrupt": {
			sweep.Archived{Task: failed, Unknown: &outcome.CorruptError{Err: errors.New("attempts: many")}},
			sweep.SettledUnclear,
		},
		"never begun, and invalid": {sweep.Archived{Unknown: none, Invalid: tasks.ErrInvalid}, sweep.SettledHopeless},
		"retries used up, attempts not": {
			sweep.Archived{Task: failed, Known: begun(limit - 1)}, sweep.SettledEarly,
		},
		"no retries allowed, never begun": {
			sweep.Archived{Task: asynq.TaskInfo{LastFailedAt: at}, Unknown: none}, sweep.SettledEarly,
		},
		"retries used up, and attempts": {sweep.Archived{Task: failed, Known: begun(limit)}, sweep.SettledStopped},
		"retries used up, and more attempts": {
			sweep.Archived{Task: failed, Known: begun(limit + 1)}, sweep.SettledStopped,
		},
		"retries used up, invalid": {
			sweep.Archived{Task: failed, Unknown: none, Invalid: tasks.ErrInvalid}, sweep.SettledHopeless,
		},
		"archived by a person, never begun": {sweep.Archived{Unknown: none}, sweep.SettledStopped},
		"archived by a person, no retries":  {sweep.Archived{Known: begun(0)}, sweep.SettledStopped},
		"archived by a person, whichever queue of its gateway": {
			sweep.Archived{
				Task:  asynq.TaskInfo{Queue: "receipts-bulk-kcp"},
				Known: outcome.Outcome{Status: outcome.Queued, PG: tasks.KCP},
			},
			sweep.SettledStopped,
		},
		"archived by a person, and requested anew of another gateway": {
			sweep.Archived{
				Task:  asynq.TaskInfo{Queue: "receipts-kcp"},
				Known: outcome.Outcome{Status: outcome.Queued, PG: tasks.Nice},
			},
			sweep.SettledEnded,
		},
		"archived by a person, between": {
			sweep.Archived{Task: asynq.TaskInfo{MaxRetry: 25, Retried: 3, LastFailedAt: at}, Known: begun(3)},
			sweep.SettledStopped,
		},
		"archived by a person, before the last retry": {
			sweep.Archived{
				Task:  asynq.TaskInfo{MaxRetry: 3, Retried: 3, LastFailedAt: at.Add(-time.Minute)},
				Known: outcome.Outcome{Status: outcome.Retrying, Attempts: 3, UpdatedAt: at.Add(-time.Minute)},
			},
			sweep.SettledStopped,
		},
		"archived by a person, attempted since then": {
			sweep.Archived{Known: outcome.Outcome{Status: outcome.Retrying, UpdatedAt: at.Add(6 * time.Second)}},
			sweep.SettledStopped,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.task.At = at
			if got := test.task.Settlement(limit); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}
