package main

import (
	"github.com/spf13/cobra"
)

func (p *program) dead() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "Show dead letters, retry or settle them, or take them off the list",
		Long: `Dead letters are the imp_uids that were given up on: PortOne refused them, or
every attempt failed. They stay on the list until they are retried, settled as
revoked or discarded, or until their outcome expires, see --outcome-ttl.`,
		Example: `  revoker dead list --since 24h
  revoker dead export letters.csv --bom
  revoker dead retry --reason attempts_exhausted --pg kcp
  revoker dead settle imp_448280090638 --revoked --reason "seen in the console"
  revoker dead discard --reason not_issued --yes`,
		Args:                  noSuchCommand,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		DisableFlagsInUseLine: true,
	}
	cmd.AddCommand(p.deadList(), p.deadRetry(), p.deadSettle(), p.deadDiscard(), p.deadExport())
	return cmd
}
