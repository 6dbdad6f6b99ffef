package enqueue

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
	"receiptrevoker/tasks/outcome"
)

// question is a line to be asked for.
type question struct {
	at     int            // which of the chunk's lines it is
	status outcome.Status // of its imp_uid, as far as it has come
}

// unfinished returns the lines that have no answer yet, and those that had one,
// but no end since then: the task may be gone.
func (c *chunk) unfinished() []question {
	open := make([]question, 0, len(c.results))
	for i, result := range c.results {
		asked := result.Kind == outcome.KindQueued || result.Kind == outcome.KindElsewhere
		if result.Kind == 0 || result.Before && asked && !c.rows[i].Counted {
			open = append(open, question{at: i})
		}
	}
	return open
}

// look reads how far the imp_uids of the open questions have come. Lines that
// had an answer, and that somebody has begun with, are open no more.
func (c *chunk) look(ctx context.Context) error {
	impUIDs := make([]string, len(c.open))
	for i, q := range c.open {
		impUIDs[i] = c.results[q.at].ImpUID
	}
	statuses, err := c.by.outcomes.Statuses(ctx, impUIDs)
	if err != nil {
		return err
	}
	left := c.open[:0]
	for i, q := range c.open {
		q.status = statuses[i]
		if !c.results[q.at].Before || q.status != outcome.Retrying {
			left = append(left, q)
		}
	}
	c.open = left
	return nil
}

// passOver takes the lines that had an answer off the open questions if all
// tasks of theirs that a queue should have are there, which one command tells.
// Where one is missing all are asked for again: those that exist stay as they
// are.
func (c *chunk) passOver(ctx context.Context) error {
	expected := make(map[string][]string) // keys of tasks by queue
	for _, q := range c.open {
		if r := c.revocation(q.at); c.results[q.at].Before && q.status == "" {
			name := tasks.QueueOf(r).Name()
			expected[name] = append(expected[name], backlog.Key(name, "t:"+tasks.TaskID(r.ImpUID)))
		}
	}
	complete := make(map[string]bool)
	for name, keys := range expected {
		found, err := c.by.queue.redis.Exists(ctx, keys...).Result()
		if err != nil {
			return fmt.Errorf("look for %d tasks on %s: %w", len(keys), name, err)
		}
		complete[name] = found == int64(len(keys))
	}
	c.open = slices.DeleteFunc(c.open, func(q question) bool {
		return c.results[q.at].Before && q.status == "" && complete[tasks.QueueOf(c.revocation(q.at)).Name()]
	})
	return nil
}

// ask asks the open questions and marks the answers. Done again after an error,
// it goes on with the rest.
func (c *chunk) ask(ctx context.Context) error {
	if err := c.passOver(ctx); err != nil {
		return err
	}
	failures := make([]error, len(c.open))
	queue := c.by.queue.client()
	parallel(len(c.open), max(c.client.concurrency/chunksAhead, 1), func(n int) {
		at := c.open[n].at
		kind, err := c.askOne(ctx, queue, c.revocation(at), c.open[n].status)
		if failures[n] = err; err == nil && !c.results[at].Before {
			c.results[at].Kind, c.rows[at].Kind = kind, kind
		}
	})
	left := c.open[:0]
	for n, q := range c.open {
		if failures[n] != nil {
			left = append(left, q)
		}
	}
	c.open = left
	if err := c.mark(ctx); err != nil {
		return err
	}
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// mark writes what came of the lines.
func (c *chunk) mark(ctx context.Context) error {
	gateways := make([]tasks.Gateway, len(c.results))
	fresh := false
	for i, result := range c.results {
		gateways[i] = result.PG
		fresh = fresh || result.Kind != 0 && !result.Before
	}
	if !fresh {
		return nil
	}
	return c.by.outcomes.Mark(ctx, c.name, c.first, c.rows, gateways)
}

// askOne enqueues one revocation, unless it was asked for before.
func (c *chunk) askOne(
	ctx context.Context, queue *asynq.Client, r tasks.Revocation, status outcome.Status,
) (outcome.Kind, error) {
	if status == "" {
		err := c.enqueue(ctx, queue, r)
		if err == nil {
			return outcome.KindQueued, nil
		}
		if !errors.Is(err, asynq.ErrTaskIDConflict) {
			return 0, err
		}
		if kind, known := c.owner(r); known {
			return kind, nil
		}
	}
	return c.by.outcomes.Join(ctx, r)
}

// enqueue enqueues one revocation. The error matches [asynq.ErrTaskIDConflict]
// if its task exists.
func (c *chunk) enqueue(ctx context.Context, queue *asynq.Client, r tasks.Revocation) error {
	ctx, span := c.client.tracer.line(ctx, r)
	task, err := tasks.NewTaskContext(ctx, r, c.client.options...)
	if err == nil {
		if _, err = queue.EnqueueContext(ctx, task); err != nil {
			err = fmt.Errorf("enqueue %s: %w", r.ImpUID, err)
		}
	}
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		end(span, true, nil)
	} else {
		end(span, false, err)
	}
	return err
}

// owner tells of a revocation whose task exists whether this batch asked for
// it: a call before, which did not come to marking it. Nobody may have attempted
// it, so that the task alone knows.
func (c *chunk) owner(r tasks.Revocation) (kind outcome.Kind, known bool) {
	task, err := c.by.inspector.GetTaskInfo(tasks.QueueOf(r).Name(), tasks.TaskID(r.ImpUID))
	if err != nil {
		return 0, false // gone meanwhile: then its outcome tells
	}
	asked, err := tasks.Parse(task.Payload)
	switch {
	case err != nil || asked.Batch != r.Batch:
		return 0, false
	case asked.Row != r.Row:
		return outcome.KindRepeated, true
	}
	return outcome.KindQueued, true
}

// revocation returns what a line asks for.
func (c *chunk) revocation(at int) tasks.Revocation {
	line := c.results[at].Line
	return tasks.Revocation{ImpUID: line.ImpUID, PG: line.PG, Batch: c.name, Row: c.first + at}
}
