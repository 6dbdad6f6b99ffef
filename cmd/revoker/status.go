package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/pause"
)

type statusSettings struct {
	redis config.Redis
	json  bool
}

func (p *program) status() *cobra.Command {
	var s statusSettings
	cmd := &cobra.Command{
		Use:   "status IMP_UID...",
		Short: "Show what became of single imp_uids",
		Long: `Status shows what is known about each imp_uid: queued if it was requested and no
attempt has begun, retrying, revoked, dead, or unknown if there is no request,
as of a task of another producer before its first attempt. Of one whose queue is
paused it says which gate or person holds it, and since when; and until when
PortOne wants no calls (Retry-After). It exits 3 unless all of them are revoked.`,
		Args: arguments(1, -1, "an IMP_UID"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runStatus(cmd.Context(), s, args) },
	}
	s.redis.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&s.json, "json", false, "print one JSON object a line")
	return cmd
}

func (p *program) runStatus(ctx context.Context, s statusSettings, impUIDs []string) error {
	client, err := p.connect(ctx, s.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	queue := enqueue.NewClient(client, enqueue.Config{Outcomes: s.redis.Outcomes()})
	out := p.printer(s.json)

	var pauses []pause.Pause
	if !s.json {
		pauses = p.pauses(ctx, client, s.redis.Namespace)
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
		cause := ""
		if p, held := heldQueue(o, s.redis.Namespace, pauses); held {
			cause = waitsFor(p)
		}
		if err := out.held(o, cause); err != nil {
			return err
		}
	}
	if unfinished {
		return errUnfinished
	}
	return nil
}
