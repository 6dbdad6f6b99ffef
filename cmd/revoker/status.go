package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/pause"
)

// status returns the command that answers for single imp_uids. It only reads.
func (p *program) status() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status IMP_UID...",
		Short: "Show the status of single imp_uids",
		Long: `Status shows what is known about each imp_uid: queued if it was requested and no
attempt has begun, retrying, revoked, dead, or unknown if there is no request,
as of a task of another producer before its first attempt. Of one whose queue is
paused it says which gate or person holds it, and since when; until when PortOne
wants no calls (Retry-After); and where no worker serves its queue, that. It
exits 3 unless all of them are revoked.`,
		Args: arguments(1, -1, "an IMP_UID"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runStatus(cmd.Context(), args) },
	}
	p.redis.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&p.json, "json", false, "print one JSON object a line")
	return cmd
}

// runStatus shows each imp_uid in the order given, also one without a request: as unknown, which makes
// the exit code 3 like anything else that is not revoked. A script may rely on exit code 0 for "all of
// them are revoked".
func (p *program) runStatus(ctx context.Context, impUIDs []string) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	queue, out := p.requests(), p.printer()

	// What holds the receipts is read once for all of them. JSON has no field for it.
	var pauses []pause.Pause
	var workers []asynqkeys.Worker
	if !p.json {
		pauses, workers = p.pauses(ctx), p.workers(ctx)
	}
	unfinished := false
	for _, impUID := range impUIDs {
		o, err := queue.Outcome(ctx, impUID)
		if errors.Is(err, outcome.ErrNotFound) {
			o, err = outcome.Outcome{ImpUID: impUID, Status: unknown}, nil
		}
		if err != nil {
			return err
		}
		unfinished = unfinished || o.Status != outcome.Revoked
		if err := out.held(o, waitsOn(o, p.redis.Namespace, pauses, workers)); err != nil {
			return err
		}
	}
	return unfinishedIf(unfinished)
}
