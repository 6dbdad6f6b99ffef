package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// queueListSettings say which queues are shown, and for how long they are watched to know their rate.
// With a window of 0 the command reads Redis once and shows no rate.
type queueListSettings struct {
	queueSettings
	window time.Duration
}

// queueList returns the command that shows what waits, and why. It changes nothing.
func (p *program) queueList() *cobra.Command {
	var s queueListSettings
	cmd := &cobra.Command{
		Use:   "list [QUEUE...]",
		Short: "Show what waits, how fast it is done, and what pauses it",
		Long: `List shows every queue that exists or is paused, or those named: the tasks in
it, how long the first in line has been waiting, how many tasks a second are
done, and what pauses it. A paused queue keeps the tasks of requests that were
cancelled or have ended: where it has more tasks than requests are open, these
are counted below. To know the rate it watches for a second. The first
line says how many workers are running, stopping, or waiting for PortOne to let
their account in, which their logs and /readyz explain. Lines below say which
gate or who paused a queue and why, when the gateway is next tried, and until
when PortOne wants no calls at all, where it answered 429 with Retry-After. With
--json each queue tells of both. Later are tasks that are due at a time to come.`,
		Example: `  revoker queue list
  revoker queue list --pg kcp --json`,
		Args: arguments(0, -1, ""),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runQueueList(cmd.Context(), s, args) },
	}
	p.queueFlags(&s.queueSettings, cmd.Flags())
	cmd.Flags().BoolVar(&p.json, "json", false, "print one JSON object a line")
	cmd.Flags().DurationVar(&s.window, "window", time.Second, "how long to watch for the rate, 0 for no rate")
	return cmd
}

// queueLine is what is shown of a queue: as a row of a table, or with --json as an object whose names
// scripts depend on. Times are by Redis' clock, but for a pause made with Asynq's own tools, which
// write the time of their machine.
type queueLine struct {
	Queue     string        `json:"queue"`
	PG        tasks.Gateway `json:"pg,omitempty"`
	Bulk      bool          `json:"bulk"`
	Pending   int64         `json:"pending"`
	Active    int64         `json:"active"`
	Retry     int64         `json:"retry"`
	Scheduled int64         `json:"scheduled"`
	// Workers are all of the namespace, the same in each line, so that a script which reads one line
	// knows whether anything works at all.
	Workers asynqkeys.Count `json:"workers"`
	// Oldest is how long the first in line of Pending has been waiting, in seconds, 0 if the line is
	// empty. Asynq has the beginning by the clock of the producer or worker that put the task there;
	// this is the difference to the clock of this machine.
	Oldest float64 `json:"oldest_seconds"`
	// Rate is how many tasks a second workers finished while it was watched, failed attempts
	// included. It is nil and left out with --window 0: unlike 0, that says that it is not known.
	Rate *float64 `json:"per_second,omitempty"`

	PausedBy    string    `json:"paused_by,omitempty"` // person or gate
	PausedSince time.Time `json:"paused_since,omitzero"`
	Person      string    `json:"person,omitempty"` // empty if paused in Asynq's web UI or with its tool
	Gate        string    `json:"gate,omitempty"`   // the closed gate, also behind a person's pause
	Reason      string    `json:"reason,omitempty"`
	Owner       string    `json:"owner,omitempty"`
	NextProbeAt time.Time `json:"next_probe_at,omitzero"`
	// HeldUntil is until when PortOne wants no calls of any worker (Retry-After), the same in each line.
	HeldUntil time.Time `json:"held_until,omitzero"`
	// GateWaived tells that nothing has succeeded on the gateway for twelve hours: its gate stays open
	// until something does, so that receipts end although the gateway looks down.
	GateWaived bool `json:"gate_waived,omitempty"`

	cause string // which gate or person pauses it, since when, why, and when it is next tried, for people
}

// runQueueList reads everything before it prints, so that an error of Redis in between leaves no half
// of a table that could be taken for the whole.
func (p *program) runQueueList(ctx context.Context, s queueListSettings, queues []string) error {
	if s.window < 0 {
		return usageError{fmt.Errorf("--window %v must be 0 or more", s.window)}
	}
	meant, err := p.openQueues(ctx, &s.queueSettings, queues)
	if err != nil {
		return err
	}
	live, err := asynqkeys.NewWorkers(p.client, p.redis.Namespace).List(ctx)
	if err != nil {
		return err
	}
	workers := asynqkeys.CountOf(live)
	if len(meant) == 0 {
		return p.showNoQueue(workers)
	}
	// The marks of the queues name the gate that paused them. Why it closed and when it is probed is in
	// the gate's own record.
	gates, err := p.gates.Poll(ctx)
	if err != nil {
		return err
	}
	lines, err := watchQueues(ctx, p.client, meant, s.window)
	if err != nil {
		return err
	}
	for i := range lines {
		lines[i].describe(meant[i], gates, workers)
	}
	if p.json {
		for _, line := range lines {
			if err := printJSON(p.stdout, line); err != nil {
				return err
			}
		}
		return nil
	}
	all, err := p.store.Waiting(ctx)
	if err != nil {
		return err
	}
	// Open requests are counted over all queues. Redis does not know which of them belong to the
	// queues that were named, for which MaxInt64 stands.
	of := all
	if len(queues)+len(s.pgs) > 0 {
		of = outcome.Waiting{Open: math.MaxInt64}
	}
	return p.showQueues(lines, workingOn(lines, workers, of), of)
}

// watchQueues counts what is in the queues, in their order, and what workers finish within window. It
// reads twice, or once for a window of 0; the counts are those of the second reading. The two readings
// are part of the time by which the rate is divided, so that a slow Redis makes it too low and never
// too high.
func watchQueues(
	ctx context.Context, client redis.UniversalClient, queues []pause.Pause, window time.Duration,
) ([]queueLine, error) {
	names := queueNames(queues)
	began := time.Now()
	before, err := asynqkeys.Read(ctx, client, names)
	if err != nil {
		return nil, err
	}
	after := before
	if window > 0 {
		// Ctrl-C while it watches is no fault of Redis, and must not be told as one.
		if wait.For(ctx, window) != nil {
			return nil, errors.New("stopped before the rate was known: --window 0 shows the rest without it")
		}
		if after, err = asynqkeys.Read(ctx, client, names); err != nil {
			return nil, err
		}
	}
	took := time.Since(began)
	lines := make([]queueLine, len(queues))
	for i, q := range after {
		is, _ := tasks.ParseQueue(q.Name)
		lines[i] = queueLine{
			Queue: q.Name, PG: is.PG, Bulk: is.Bulk, Pending: q.Pending, Active: q.Active,
			Retry: q.Retry, Scheduled: q.Scheduled, Oldest: q.Oldest(time.Now()).Seconds(),
		}
		if window > 0 {
			rate := float64(q.Processed-before[i].Processed) / took.Seconds()
			lines[i].Rate = &rate
		}
	}
	return lines, nil
}

// describe fills in what pauses the queue, and how many workers there are. p is what paused the queue
// when the command began, and gates the state of all gates a moment later.
func (l *queueLine) describe(p pause.Pause, gates gate.Snapshot, workers asynqkeys.Count) {
	l.Workers, l.GateWaived = workers, gates.Gates[gate.Of(l.PG)].Waived
	if gates.Hold > 0 {
		l.HeldUntil = gates.Now.Add(gates.Hold).Truncate(time.Millisecond)
	}
	switch {
	case !p.Paused:
		return
	case p.Gate == "":
		l.PausedBy, l.PausedSince, l.Person, l.Reason, l.cause = "person", p.Since, p.By, p.Reason, byPerson(p)
		// The mark has room for one pause. Once a person resumes the queue, it waits for the gate.
		if name := gates.Behind(p.Queue); name != "" {
			l.Gate, l.NextProbeAt = string(name), gates.Gates[name].NextProbe.Truncate(time.Millisecond)
			l.cause += "; " + gateName(l.Gate) + " is closed too, since " + moment(gates.Gates[name].Since)
		}
		return
	}
	state := gates.Gates[gate.Name(p.Gate)]
	l.PausedBy, l.PausedSince, l.Gate = "gate", p.Since, p.Gate
	l.Reason, l.Owner, l.NextProbeAt = state.Reason, state.Owner, state.NextProbe.Truncate(time.Millisecond)
	l.cause = fmt.Sprintf("%s: %s; %s", by(p), state.ReasonIn(time.Local), nextProbe(gate.Name(p.Gate), gates))
}
