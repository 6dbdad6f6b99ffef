package worker

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wake"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/revoke"
)

// The settings' defaults.
const (
	// DefaultConcurrency is how many calls a worker makes at once to each gateway: with one
	// second a call, 72,000 an hour.
	DefaultConcurrency = 20
	// DefaultPoll is how long a task waits for an idle worker of which its producer did not tell, or whose message
	// was lost.
	DefaultPoll = time.Second
	// DefaultSweep is how soon what a crash left behind is seen, within Asynq's own 30 s.
	DefaultSweep = 15 * time.Second
	// DefaultGiveUpAfter outlasts a night, in which people who could mend it sleep.
	DefaultGiveUpAfter = 12 * time.Hour
)

// slotsPerPlace is how many slots a gateway has for each attempt that may have begun and wait for one. With fewer of
// these a slot would wait for Redis, and with more there would be more for which a cancellation comes too late.
const slotsPerPlace = 8

// sweepsPerLook is how many sweeps there are to one look for older workers.
const sweepsPerLook = 2

// unseenCalls is how many times longer than a call of ours may take PortOne may be at
// work on a DELETE.
const unseenCalls = 10

// Config is what a worker works with. Redis, API and Outcomes are required.
type Config struct {
	// Redis is where Asynq's queues are. The caller closes it, after Run. A
	// hook is added that holds commands back which Redis cannot carry out.
	Redis redis.UniversalClient
	// API calls PortOne.
	API *iamport.Client
	// Outcomes is where it is written what became of each imp_uid.
	Outcomes *outcome.Store
	// AcceptAccount lets the worker start although the others of its namespace call
	// PortOne with another account, as after a change of the key, and keeps its account
	// good while it runs.
	AcceptAccount bool
	// Concurrency is how many calls run at a time for each gateway, in this
	// process. Default 20.
	Concurrency int
	// Poll is the longest wait of an idle worker before it looks for tasks of which no producer told:
	// this project's do, so that they are taken up at once. Retries that are due are looked for as often, but at
	// most twice a second. Default 1 s.
	Poll time.Duration
	// Schedule says how often and when a failed attempt is repeated.
	Schedule backoff.Schedule
	// Gate says when a gateway's gate closes and how it opens again.
	Gate gate.Config
	// ShutdownTimeout is how long Run waits for calls in flight once it has
	// been told to stop. It should exceed the API's timeout, so that every
	// DELETE that left is also recorded. Default twice [iamport.DefaultTimeout]
	// and 10 seconds.
	ShutdownTimeout time.Duration
	// Sweep is how often it is looked for what nobody goes on with. Default
	// 15 s.
	Sweep time.Duration
	// UnseenFor is for how long PortOne may still be at work on a DELETE that ended
	// without an answer: until then no request becomes a dead letter. Default ten times
	// the API's timeout.
	UnseenFor time.Duration
	// GiveUpAfter is for how long a receipt is looked up again if no answer tells what
	// became of it, and a request is repeated that PortOne turns away while it lets
	// others in. Default 12 hours, which outlasts announced maintenance.
	GiveUpAfter time.Duration
	// OnAttempt is told of every attempt that has ended, in the goroutine that
	// made it, and should return at once. Default: nobody is.
	OnAttempt func(revoke.Ended)
	// Tracers make a span for every attempt, in the trace that its task bears.
	// Default the global ones of OpenTelemetry, which do nothing until they are
	// set.
	Tracers trace.TracerProvider
	// Log receives a line for each attempt. Default [slog.Default].
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Schedule, c.Gate = c.Schedule.WithDefaults(), c.Gate.WithDefaults()
	c.Concurrency = cmp.Or(c.Concurrency, DefaultConcurrency)
	c.Poll = cmp.Or(c.Poll, DefaultPoll)
	c.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, 2*iamport.DefaultTimeout+10*time.Second)
	c.Sweep = cmp.Or(c.Sweep, DefaultSweep)
	c.UnseenFor = cmp.Or(c.UnseenFor, unseenCalls*c.API.Timeout())
	c.GiveUpAfter = cmp.Or(c.GiveUpAfter, DefaultGiveUpAfter)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.OnAttempt == nil {
		c.OnAttempt = func(revoke.Ended) {}
	}
	if c.Tracers == nil {
		c.Tracers = otel.GetTracerProvider()
	}
	return c
}

// tasks returns what enqueues the tasks of requests.
func (c Config) tasks() asynqkeys.Producer {
	return asynqkeys.Producer{
		Redis: c.Redis, Asynq: asynq.NewClientFromRedisClient(c.Redis), Namespace: c.Outcomes.Namespace(),
		Wake: wake.New(c.Redis, c.Outcomes.Namespace()).Wake,
	}
}
