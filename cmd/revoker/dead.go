package main

import (
	"github.com/spf13/cobra"
)

func (p *program) dead() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "Show dead letters, retry them, or take them off the list",
		Long: `Dead letters are the imp_uids that were given up on: PortOne refused them, or
every attempt failed. They stay on the list until they are retried or discarded,
or until their outcome expires, see --outcome-ttl.`,
		Example: `  revoker dead list --since 24h
  revoker dead export letters.csv --bom
  revoker dead retry --reason attempts_exhausted --pg kcp
  revoker dead discard --reason not_issued --yes`,
		Args:                  noSuchCommand,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		DisableFlagsInUseLine: true,
	}
	cmd.AddCommand(p.deadList(), p.deadRetry(), p.deadDiscard(), p.deadExport())
	return cmd
}
