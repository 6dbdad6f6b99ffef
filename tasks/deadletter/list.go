// Package deadletter goes through what the workers gave up on: it lists dead
// letters, gives them fresh attempts, and takes them off the list.
//
// The list is the store's sorted set, which holds every dead letter. Asynq's
// archive is not: it is cut at 10,000 tasks and 90 days, and tasks that were
// never readable have no imp_uid there.
package deadletter

import (
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wake"
)

// Config is how dead letters are retried. The zero value is the default.
type Config struct {
	// Retention is how long a retried task stays visible in the Asynq web UI
	// once it is finished, in whole seconds. Default not at all.
	Retention time.Duration
	// Tracers make a span for every letter that is retried, which its task carries
	// to the worker: a trace of its own for each. Default the global ones of
	// OpenTelemetry, which do nothing until they are set.
	Tracers trace.TracerProvider
}

// List is the list of dead letters. Its methods are safe for concurrent use.
type List struct {
	tasks    asynqkeys.Producer
	outcomes *outcome.Store
	options  []asynq.Option
	tracer   trace.Tracer
}

// New returns the list of the dead letters in outcomes, whose tasks are on the
// Redis of client. The caller closes that connection when done.
func New(client redis.UniversalClient, outcomes *outcome.Store, config Config) *List {
	l := &List{
		tasks: asynqkeys.Producer{
			Redis: client, Asynq: asynq.NewClientFromRedisClient(client), Namespace: outcomes.Namespace(),
			Wake: wake.New(client, outcomes.Namespace()).Wake,
		},
		outcomes: outcomes,
	}
	if config.Tracers == nil {
		config.Tracers = otel.GetTracerProvider()
	}
	l.tracer = config.Tracers.Tracer("receiptrevoker/tasks/deadletter")
	if config.Retention > 0 {
		// Below a second Asynq would keep nothing.
		l.options = append(l.options, asynq.Retention(max(config.Retention, time.Second)))
	}
	return l
}

// Filter says which dead letters are meant: those that match every field. The
// zero value matches all.
type Filter struct {
	Reasons []outcome.Reason // one of them; any if empty
	PGs     []tasks.Gateway  // one of them; any if empty
	Batch   string           // that asks for it, also if another did first; any if empty
	// Since and Until bound when the letter became dead: at Since or later,
	// before Until. The zero time is no bound.
	Since, Until time.Time
	// ImpUIDs are the only ones looked at. Whether one of these is dead is
	// decided by its outcome: it may have been discarded from the list.
	ImpUIDs []string
	// Unreadable takes what is on the list and cannot be read for a letter like
	// the others, of which little but the imp_uid is known.
	Unreadable bool
}

func (f Filter) matches(o outcome.Outcome) bool {
	return (len(f.Reasons) == 0 || slices.Contains(f.Reasons, o.Reason)) &&
		(len(f.PGs) == 0 || slices.Contains(f.PGs, o.PG)) &&
		(f.Batch == "" || f.Batch == o.Batch || slices.Contains(o.Batches, f.Batch)) &&
		!o.UpdatedAt.Before(f.Since) && !f.late(o)
}

// late reports whether o became dead after the time that is asked for.
func (f Filter) late(o outcome.Outcome) bool {
	return !f.Until.IsZero() && !o.UpdatedAt.Before(f.Until)
}
