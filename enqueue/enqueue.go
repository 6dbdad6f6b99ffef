// Package enqueue asks for cash receipts to be revoked: one, many, and waiting
// for what becomes of them. Order services import it.
package enqueue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
	"receiptrevoker/tasks/outcome"
)

// DefaultRetention is how long a finished task stays visible in the Asynq web
// UI.
const DefaultRetention = time.Hour

// Config is how a client asks. The zero value is the default.
type Config struct {
	// Outcomes must be what the workers were given. Its zero value is the
	// default of both.
	Outcomes outcome.Config
	// Retention is how long a finished task stays visible in the Asynq web UI,
	// in whole seconds; the outcome, not this, is what makes asking twice
	// harmless. Default 1 hour; negative for not at all.
	Retention time.Duration
	// Concurrency is how many tasks of a list are on their way to Redis at a
	// time, in [Client.RevokeMany] and [Batch.Ask]. They share a connection and
	// few round trips. Default 1,000.
	Concurrency int
	// Tracers make a span for all that is asked for, which the task bears to the
	// worker. Default the global ones of OpenTelemetry, which do nothing until
	// they are set; a span that the caller's context bears goes along even so.
	Tracers trace.TracerProvider
}

// Client asks for revocations. Its methods are safe for concurrent use.
type Client struct {
	route
	many        func() *route // for lists
	options     []asynq.Option
	concurrency int
	tracer      tracer
}

// NewClient returns a client on the Redis of the workers. The caller closes
// that connection when done.
func NewClient(client redis.UniversalClient, config Config) *Client {
	c := &Client{
		route:       *newRoute(client, config.Outcomes),
		many:        sync.OnceValue(func() *route { return newRoute(pipelined(client), config.Outcomes) }),
		concurrency: cmp.Or(config.Concurrency, 1000),
		tracer:      newTracer(config.Tracers),
	}
	if retention := cmp.Or(config.Retention, DefaultRetention); retention > 0 {
		// Below a second Asynq would keep nothing.
		c.options = append(c.options, asynq.Retention(max(retention, time.Second)))
	}
	return c
}

// Result says what became of the asking.
type Result struct {
	Revocation tasks.Revocation
	// Duplicate is true if the same imp_uid was asked for before. Nothing was
	// enqueued: the earlier request stands, and its outcome answers both.
	Duplicate bool
	// Status is how far the earlier request had come, for a duplicate, and
	// otherwise [outcome.Queued]. That is also what a duplicate is of which there
	// is a task and no outcome: it waits, or Asynq gave it up and a worker is
	// about to find out and write why.
	Status outcome.Status
	// Err is why nothing was enqueued, nil if it was or is a duplicate. It
	// matches [tasks.ErrInvalid] if repeating the call cannot help.
	Err error
}

// Revoke asks for the receipt of one payment to be revoked. Asking twice is
// asking once: the second time the result says that it is a duplicate.
//
// The error, also found in the result, matches [tasks.ErrInvalid] if the
// imp_uid can never be revoked. Any other means that Redis did not answer, so
// that it is not known whether the request stands: ask again.
func (c *Client) Revoke(ctx context.Context, r tasks.Revocation) (Result, error) {
	ctx, span := c.tracer.one(ctx, r)
	result, err := c.revoke(ctx, &c.route, r)
	end(span, result.Duplicate, err)
	return result, err
}

// revoke is [Client.Revoke] by the given route.
func (c *Client) revoke(ctx context.Context, by *route, r tasks.Revocation) (Result, error) {
	result := Result{Revocation: r, Status: outcome.Queued}
	task, err := tasks.NewTaskContext(ctx, r, c.options...)
	if err != nil {
		result.Err = err
		return result, err
	}
	// A task's ID is free again when its retention is over; the outcome stays.
	status, err := by.outcomes.Status(ctx, r.ImpUID)
	if err == nil && !status.Terminal() {
		_, err = by.queue.client().EnqueueContext(ctx, task)
	}
	switch {
	case status.Terminal():
		result.Duplicate, result.Status = true, status
	case errors.Is(err, asynq.ErrTaskIDConflict):
		if status == "" { // somebody may have begun meanwhile
			status, _ = by.outcomes.Status(ctx, r.ImpUID)
		}
		result.Duplicate, result.Status = true, cmp.Or(status, outcome.Queued)
	case err != nil:
		result.Err = fmt.Errorf("enqueue %s: %w", r.ImpUID, err)
	}
	return result, result.Err
}

// Outcome returns what is known about an imp_uid. One that is enqueued and not
// yet attempted has the status [outcome.Queued]; one that nobody asked for, or
// whose outcome's life is over, an error that matches [outcome.ErrNotFound].
func (c *Client) Outcome(ctx context.Context, impUID string) (outcome.Outcome, error) {
	o, err := c.outcomes.Get(ctx, impUID)
	if !errors.Is(err, outcome.ErrNotFound) {
		return o, err
	}
	queues, listErr := backlog.Ours(ctx, c.queue.redis)
	if listErr != nil {
		return o, listErr
	}
	for _, name := range queues {
		task, taskErr := c.inspector.GetTaskInfo(name, tasks.TaskID(impUID))
		if taskErr == nil {
			if o, err := c.outcomes.Get(ctx, impUID); err == nil {
				return o, nil // attempted in between
			}
			asked, _ := tasks.Parse(task.Payload)
			queue, _ := tasks.ParseQueue(name)
			return outcome.Outcome{
				ImpUID: impUID, PG: cmp.Or(asked.PG, queue.PG), Batch: asked.Batch, Status: outcome.Queued,
			}, nil
		}
		if !backlog.Gone(taskErr) {
			return o, fmt.Errorf("look for the task of %s: %w", impUID, taskErr)
		}
	}
	return o, err
}

// The bounds of how often Wait looks.
const (
	waitFirst = 20 * time.Millisecond
	waitMost  = time.Second
)

// Wait returns the outcome of an imp_uid once it is terminal, however many
// attempts that takes, or the error of ctx. It does not ask for the
// revocation: an imp_uid that nobody asked for is waited for as well.
func (c *Client) Wait(ctx context.Context, impUID string) (outcome.Outcome, error) {
	for pause := waitFirst; ; pause = min(2*pause, waitMost) {
		o, err := c.outcomes.Get(ctx, impUID)
		if err == nil && o.Status.Terminal() || err != nil && !errors.Is(err, outcome.ErrNotFound) {
			return o, err
		}
		select {
		case <-ctx.Done():
			return o, fmt.Errorf("wait for the outcome of %s: %w", impUID, context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}
