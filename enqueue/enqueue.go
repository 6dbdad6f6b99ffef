// Package enqueue asks for cash receipts to be revoked, one or many, and waits
// for their outcomes. Order services import it.
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
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/tasks/wake"
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
	// Tracers make a span for all that is asked for, which the task carries to the
	// worker. Default the global ones of OpenTelemetry, which do nothing until
	// they are set; a span of the caller's context goes along even so.
	Tracers trace.TracerProvider
}

// Client asks for revocations. Its methods are safe for concurrent use.
type Client struct {
	route
	many        func() *route // for lists
	workers     *asynqkeys.Workers
	options     []asynq.Option
	concurrency int
	tracer      tracer
}

// NewClient returns a client on the Redis of the workers. The caller closes
// that connection when done.
func NewClient(client redis.UniversalClient, config Config) *Client {
	waker := wake.New(client, cmp.Or(config.Outcomes.Namespace, outcome.DefaultNamespace))
	c := &Client{
		route:       *newRoute(client, config.Outcomes, waker),
		many:        sync.OnceValue(func() *route { return newRoute(pipelined(client), config.Outcomes, waker) }),
		workers:     asynqkeys.NewWorkers(client, config.Outcomes.Namespace),
		concurrency: cmp.Or(config.Concurrency, 1000),
		tracer:      newTracer(config.Tracers, config.Outcomes.Namespace),
	}
	if retention := cmp.Or(config.Retention, DefaultRetention); retention > 0 {
		// Below a second Asynq would keep nothing.
		c.options = append(c.options, asynq.Retention(max(retention, time.Second)))
	}
	return c
}

// Result says what a request led to.
type Result struct {
	Revocation tasks.Revocation
	// Duplicate is true if the same imp_uid was asked for before: the earlier request
	// stands, and its outcome answers both.
	Duplicate bool
	// Status is how far the earlier request had come, for a duplicate, and
	// otherwise [outcome.Queued].
	Status outcome.Status
	// ApplyNum is the number of the receipt that was revoked, for a duplicate that is:
	// the payment may have another receipt by now; see [tasks.Revocation.Again].
	ApplyNum string
	// Err is why it was not asked for, nil if it was or is a duplicate. It
	// matches [tasks.ErrInvalid] if repeating the call cannot help,
	// [ErrOtherReceipt], and [ErrOlderWorker].
	Err error
}

// ErrOtherReceipt is matched where another receipt of the same imp_uid, or one of another
// tier, is being revoked, so that it is to be asked for again once that has ended.
var ErrOtherReceipt = errors.New("another receipt of the imp_uid, or one of another tier, was being revoked")

// ErrOlderWorker is matched where a request says which receipt it means, by ApplyNum or
// Again, while a worker of an older version lives, or another program serves the queues:
// it would revoke whichever receipt there is. Nothing is requested.
var ErrOlderWorker = asynqkeys.ErrOlderWorker

// Revoke asks for the receipt of one payment to be revoked. Asking twice is
// asking once: the second time the result says that it is a duplicate. The request is
// recorded before it is enqueued; once it is, a worker sees to the rest. It belongs to
// no batch, whatever r says: [Batch.Ask] is for those.
//
// The error, also found in the result, matches [tasks.ErrInvalid] if the
// imp_uid can never be revoked, [ErrOtherReceipt], and [ErrOlderWorker]. Any other means
// that Redis did not answer, so that it is not known whether the request stands: ask again.
func (c *Client) Revoke(ctx context.Context, r tasks.Revocation) (Result, error) {
	ctx, span := c.tracer.one(ctx, r)
	result, err := c.revoke(ctx, &c.route, r)
	end(span, result.Duplicate, err)
	return result, err
}

// revoke is [Client.Revoke] by the given route.
func (c *Client) revoke(ctx context.Context, by *route, r tasks.Revocation) (Result, error) {
	r.Batch, r.Row = "", 0 // a batch asks for lines of its own
	r.PG, _ = tasks.ParseGateway(string(r.PG))
	result := Result{Revocation: r, Status: outcome.Queued}
	if result.Err = r.ValidateNew(); result.Err == nil {
		result.Err = c.workers.Understand(ctx, r)
	}
	if result.Err != nil {
		return result, result.Err
	}
	asked, err := by.outcomes.Ask(ctx, r)
	switch {
	case err != nil:
		result.Err = err
	case asked.Other:
		result.Err = fmt.Errorf("%s: %w%s: ask again once that has ended", r.ImpUID, ErrOtherReceipt, named(asked.ApplyNum))
	case asked.Kind != outcome.KindQueued:
		result.Duplicate, result.Status, result.ApplyNum = true, asked.Status, asked.ApplyNum
	}
	if result.Err == nil && asked.Enqueue {
		_, result.Err = by.tasks().Enqueue(ctx, r, c.options...)
	}
	return result, result.Err
}

// named says which receipt it is, if that is known.
func named(applyNum string) string {
	if applyNum == "" {
		return ""
	}
	return ", apply_num " + applyNum
}

// Outcome returns what is known about an imp_uid. One that was asked for and not
// yet attempted has the status [outcome.Queued]; one that was not requested, or
// whose outcome's life is over, an error that matches [outcome.ErrNotFound]. So has
// one that a producer enqueued without recording it, until its first attempt.
func (c *Client) Outcome(ctx context.Context, impUID string) (outcome.Outcome, error) {
	return c.outcomes.Get(ctx, impUID)
}

const (
	// waitFirst is after what time Wait looks again first, and doubles that each time: most
	// revocations end within a second.
	waitFirst = 20 * time.Millisecond
	// waitMost is the longest time between two looks: many who wait cost Redis little then.
	waitMost = time.Second
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
		if err := wait.For(ctx, pause); err != nil {
			return o, fmt.Errorf("wait for the outcome of %s: %w", impUID, err)
		}
	}
}
