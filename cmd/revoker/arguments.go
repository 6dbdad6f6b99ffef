package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// arguments returns a check of how many arguments a command is given, at most
// a negative number for any, which says what they are.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return fmt.Errorf("%s is missing", what)
		}
		if most >= 0 && len(args) > most {
			return fmt.Errorf("%q is one argument too many", args[most])
		}
		return nil
	}
}

// noSuchCommand refuses what is none of a command's own.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	}
	return nil
}
