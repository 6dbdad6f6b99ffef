package main

import (
	"context"

	"github.com/spf13/cobra"

	"receiptrevoker/tasks/deadletter"
)

func (p *program) deadList() *cobra.Command {
	var s deadSettings
	cmd := &cobra.Command{
		Use:   "list [IMP_UID...]",
		Short: "Show dead letters, oldest first",
		Long: `List shows dead letters, one a line and oldest first: when each was given up,
its payment gateway, reason, attempts and batch, and the last answer. In the end
it says how many there are for each reason, and of each batch. One whose outcome
cannot be read is reported, and the exit code is then 3.

` + filterHelp,
		Example: `  revoker dead list --since 24h
  revoker dead list --reason not_issued,refused --pg kcp --json`,
		Args: arguments(0, -1, ""),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runDeadList(cmd.Context(), s, args) },
	}
	p.deadFlags(&s, cmd.Flags())
	cmd.Flags().BoolVar(&p.json, "json", false, "print one JSON object a line")
	return cmd
}

func (p *program) runDeadList(ctx context.Context, s deadSettings, impUIDs []string) error {
	walk, err := p.openDead(ctx, &s, impUIDs, deadletter.Config{})
	if err != nil {
		return err
	}
	if err := walk.each(ctx, walk.counted(p.printer().letter)); err != nil {
		return err
	}
	return walk.end("")
}
