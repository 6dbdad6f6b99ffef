// Package revoke makes one attempt at a revocation: it calls PortOne, decides by the table of answers,
// and records what was found. [Handler.ProcessTask] reads like the way of one imp_uid; answers.go is
// README's table.
package revoke

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/complaint"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/heartbeat"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/pace"
	"receiptrevoker/worker/slots"
)

// Handler carries revocations out. All fields are required. Its methods are safe for concurrent use.
type Handler struct {
	API      *iamport.Client
	Outcomes *outcome.Store
	Tasks    asynqkeys.Producer
	Gates    *gate.Gates
	Leases   *Leases
	// Slots bounds how many attempts call at a time, and Places how many have begun and not ended their calls:
	// while some call, the next begin.
	Slots, Places *slots.Slots
	Schedule      backoff.Schedule
	// Heartbeat knows whether Redis lost what it had confirmed.
	Heartbeat *heartbeat.Heartbeat
	Log       *slog.Logger
	Tracer    trace.Tracer
	// Pace is told that the process has a task.
	Pace *pace.Pace
	// OnAttempt is told of every attempt that has ended.
	OnAttempt func(Ended)
	// Complaints is the log of what goes wrong with Redis.
	Complaints *complaint.Log

	// UnseenFor and GiveUpAfter are those of [receiptrevoker/worker.Config].
	UnseenFor, GiveUpAfter time.Duration

	// Stopping is done once no new revocation may begin.
	Stopping context.Context
	// Abandoned is done when the process no longer waits for what is running.
	Abandoned context.Context
}

// Ended is an attempt that has ended, for metrics.
type Ended struct {
	PG tasks.Gateway
	// Status and Reason say how it ended. The reason is empty if it was put back before its call
	// because the process stops, or an answer that would end it came while an earlier DELETE may
	// have worked unseen.
	Status outcome.Status
	Reason outcome.Reason
	// Recorded tells that this was written: no newer attempt had ended, and Redis
	// answered before the process ended.
	Recorded bool
}
