package main

import (
	"context"

	"github.com/spf13/cobra"

	"receiptrevoker/tasks/deadletter"
)

type deadListSettings struct {
	deadSettings
	json bool
}

func (p *program) deadList() *cobra.Command {
	var s deadListSettings
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
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&s.json, "json", false, "print one JSON object a line")
	return cmd
}

func (p *program) runDeadList(ctx context.Context, s deadListSettings, impUIDs []string) error {
	walk, client, err := p.openDead(ctx, &s.deadSettings, impUIDs, deadletter.Config{})
	if err != nil {
		return err
	}
	defer client.Close()
	if err := walk.each(ctx, walk.counted(p.printer(s.json).letter)); err != nil {
		return err
	}
	return walk.end("")
}
