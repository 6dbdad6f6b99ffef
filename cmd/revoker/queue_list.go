package main

import (
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
	"receiptrevoker/worker/gate"
)

type queueListSettings struct {
	queueSettings
	json   bool
	window time.Duration
}

func (p *program) queueList() *cobra.Command {
	var s queueListSettings
	cmd := &cobra.Command{
		Use:   "list [QUEUE...]",
		Short: "Show how many tasks wait, how fast they are done, what is paused",
		Long: `List shows every queue that exists or is paused, or those named: the tasks in
it, how long the first in line has been waiting, how many tasks a second are
done, and what pauses it. To know the rate it watches for a second. Lines below
say who paused a queue and why, and until when PortOne wants no calls at all,
where it answered 429 with Retry-After.`,
		Example: `  revoker queue list
  revoker queue list --pg kcp --json`,
		Args: arguments(0, -1, ""),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runQueueList(cmd.Context(), s, args) },
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&s.json, "json", false, "print one JSON object a line")
	cmd.Flags().DurationVar(&s.window, "window", time.Second, "how long to watch for the rate, 0 for no rate")
	return cmd
}

// queueLine is what is shown of a queue.
type queueLine struct {
	Queue     string        `json:"queue"`
	PG        tasks.Gateway `json:"pg,omitempty"`
	Bulk      bool          `json:"bulk"`
	Pending   int64         `json:"pending"`
	Active    int64         `json:"active"`
	Retry     int64         `json:"retry"`
	Scheduled int64         `json:"scheduled"`
	// Oldest is how long the first in line has been waiting, in seconds.
	Oldest float64 `json:"oldest_seconds"`
	// Rate is how many tasks a second were done while it was watched.
	Rate *float64 `json:"per_second,omitempty"`

	PausedBy    string    `json:"paused_by,omitempty"` // person or gate
	PausedSince time.Time `json:"paused_since,omitzero"`
	Person      string    `json:"person,omitempty"` // empty if it was done in Asynq's web UI or with its tool
	Gate        gate.Name `json:"gate,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Owner       string    `json:"owner,omitempty"`
	NextProbeAt time.Time `json:"next_probe_at,omitzero"`
	// HeldUntil is until when PortOne wants no calls of anybody.
	HeldUntil time.Time `json:"held_until,omitzero"`
	// GateWaived tells that the gateway's gate stays open although nothing succeeds.
	GateWaived bool `json:"gate_waived,omitempty"`

	pause gate.Pause
}

func (p *program) runQueueList(ctx context.Context, s queueListSettings, queues []string) error {
	if s.window < 0 {
		return usageError{fmt.Errorf("--window %v must be 0 or more", s.window)}
	}
	meant, err := p.openQueues(ctx, &s.queueSettings, queues)
	if err != nil {
		return err
	}
	defer meant.client.Close()
	if len(meant.queues) == 0 {
		p.tellNoQueue()
		return nil
	}
	gates, err := meant.gates.Poll(ctx)
	if err != nil {
		return err
	}
	lines, err := watchQueues(ctx, meant.client, meant.queues, s.window)
	if err != nil {
		return err
	}
	for i := range lines {
		lines[i].describe(meant.queues[i], gates)
	}
	return p.showQueues(lines, s.json)
}

// watchQueues counts what is in the queues, and how much is done meanwhile.
func watchQueues(
	ctx context.Context, client redis.UniversalClient, queues []gate.Pause, window time.Duration,
) ([]queueLine, error) {
	var names []string
	for _, q := range queues {
		names = append(names, q.Queue)
	}
	began := time.Now()
	before, err := backlog.Read(ctx, client, names)
	if err != nil {
		return nil, err
	}
	after := before
	if window > 0 {
		pause(ctx, window)
		if after, err = backlog.Read(ctx, client, names); err != nil {
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

// describe says what pauses the queue.
func (l *queueLine) describe(p gate.Pause, gates gate.Snapshot) {
	l.pause, l.GateWaived = p, gates.Gates[gate.Of(l.PG)].Waived
	if gates.Hold > 0 {
		l.HeldUntil = gates.Now.Add(gates.Hold).Truncate(time.Millisecond)
	}
	switch {
	case !p.Paused:
		return
	case p.Gate == "":
		l.PausedBy, l.PausedSince, l.Person, l.Reason = "person", p.Since, p.By, p.Reason
		return
	}
	state := gates.Gates[p.Gate]
	l.PausedBy, l.PausedSince, l.Gate = "gate", p.Since, p.Gate
	l.Reason, l.Owner, l.NextProbeAt = state.Reason, state.Owner, state.NextProbe.Truncate(time.Millisecond)
}

func (p *program) showQueues(lines []queueLine, json bool) error {
	if json {
		for _, line := range lines {
			if err := printJSON(p.stdout, line); err != nil {
				return err
			}
		}
		return nil
	}
	var notes []string // what several queues share stands below them once
	table := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "QUEUE\tPENDING\tACTIVE\tRETRY\tSCHEDULED\tOLDEST\tRATE\tPAUSED")
	for _, l := range lines {
		paused, note := l.paused()
		if note != "" && !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
		if note != "" {
			paused += fmt.Sprintf(" [%d]", slices.Index(notes, note)+1)
		}
		fmt.Fprintln(table, l.figures()+paused)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i, note := range notes {
		fmt.Fprintf(p.stdout, "[%d] %s\n", i+1, note)
	}
	if len(lines) > 0 && !lines[0].HeldUntil.IsZero() {
		fmt.Fprintf(p.stdout, "PortOne wants no calls until %s (Retry-After)\n", lines[0].HeldUntil.Format("15:04:05Z"))
	}
	return nil
}

// figures returns what is counted of the queue, for the table.
func (l *queueLine) figures() string {
	oldest, rate := "-", "-"
	if l.Oldest > 0 {
		oldest = time.Duration(l.Oldest * float64(time.Second)).Round(time.Second).String()
	}
	if l.Rate != nil {
		rate = fmt.Sprintf("%.1f/s", *l.Rate)
	}
	return fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%s\t%s\t", l.Queue, l.Pending, l.Active, l.Retry, l.Scheduled, oldest, rate)
}

// paused says what pauses the queue, and in a note who and why.
func (l *queueLine) paused() (paused, note string) {
	switch {
	case l.PausedBy == "" && l.GateWaived:
		return "no: nothing has succeeded for 12h, so the gate stays open", ""
	case l.PausedBy == "":
		return "no", ""
	case l.PausedBy == "person":
		return "by a person", byPerson(l.pause)
	}
	return fmt.Sprintf("by the gate of %s", l.Gate),
		fmt.Sprintf("since %s: %s; next probe at %s", moment(l.PausedSince), l.Reason, moment(l.NextProbeAt))
}
