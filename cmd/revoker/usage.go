package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/config"
)

// usageWidth is how many columns help may take.
const usageWidth = 80

// groupConnection lets a command show the flags by which it finds Redis, which nearly every
// one has, below its own.
func groupConnection(show func(*cobra.Command) error) func(*cobra.Command) error {
	return func(cmd *cobra.Command) error {
		group := pflag.NewFlagSet("", pflag.ContinueOnError)
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if !config.FindsRedis(flag) {
				return
			}
			shown := *flag
			shown.Hidden, flag.Hidden = false, true
			group.AddFlag(&shown)
		})
		if err := show(cmd); err != nil || !group.HasFlags() {
			return err
		}
		cmd.Printf("\nConnection:\n%s", group.FlagUsagesWrapped(usageWidth))
		return nil
	}
}
