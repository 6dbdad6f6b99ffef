package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

type enqueueSettings struct {
	redis     config.Redis
	retention config.Retention
	pg        string
	wait      bool
	json      bool
}

func (p *program) enqueue() *cobra.Command {
	var s enqueueSettings
	cmd := &cobra.Command{
		Use:   "enqueue IMP_UID...",
		Short: "Ask for single receipts to be revoked",
		Long: `Enqueue asks for the receipts of single payments to be revoked. Asking twice is
asking once: an imp_uid that was asked for before is shown with what it has come
to, and nothing is enqueued.`,
		Example: `  revoker enqueue imp_448280090638 --pg kcp --wait`,
		Args:    arguments(1, -1, "an IMP_UID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.runEnqueue(cmd.Context(), s, args) },
	}
	s.redis.Flags(cmd.Flags())
	s.retention.Flags(cmd.Flags())
	cmd.Flags().StringVar(&s.pg, "pg", "", "payment gateway: a `code` such as kcp, or its Korean name")
	cmd.Flags().BoolVar(&s.wait, "wait", false, "wait until each is revoked or given up, and show its outcome")
	cmd.Flags().BoolVar(&s.json, "json", false, "print one JSON object a line")
	return cmd
}

func (p *program) runEnqueue(ctx context.Context, s enqueueSettings, impUIDs []string) error {
	client, err := p.connect(ctx, s.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	tracers, err := p.tracing(ctx)
	if err != nil {
		return err
	}
	defer tracers.Stop(ctx)
	queue := enqueue.NewClient(client, enqueue.Config{
		Outcomes: s.redis.Outcomes(), Retention: s.retention.Duration(), Tracers: tracers,
	})
	out := printer{p.stdout, s.json}
	pg, _ := tasks.ParseGateway(s.pg)

	unfinished := false
	for _, impUID := range impUIDs {
		result, err := queue.Revoke(ctx, tasks.Revocation{ImpUID: impUID, PG: pg})
		if errors.Is(err, tasks.ErrInvalid) {
			fmt.Fprintf(p.stderr, "revoker: %v\n", err)
			unfinished = true
			continue
		}
		if err != nil {
			return err
		}
		asked := outcome.Outcome{ImpUID: impUID, PG: pg, Status: result.Status}
		if result.Duplicate {
			fmt.Fprintf(p.stderr, "revoker: %s was asked for before\n", impUID)
			if asked, err = queue.Outcome(ctx, impUID); err != nil && !errors.Is(err, outcome.ErrNotFound) {
				return err
			}
		}
		if s.wait {
			if asked, err = queue.Wait(ctx, impUID); err != nil {
				return err
			}
		}
		unfinished = unfinished || asked.Status == outcome.Dead
		if err := out.outcome(asked); err != nil {
			return err
		}
	}
	if unfinished {
		return errUnfinished
	}
	return nil
}
