package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
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
		if i := slices.IndexFunc(args, blank); i >= 0 {
			return fmt.Errorf("argument %d of %d is empty, as by a variable without a value: "+
				"give it, or leave it out", i+1, len(args))
		}
		return nil
	}
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// noSuchCommand refuses what is none of a command's own.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	}
	return nil
}

// notEmpty returns what takes the blanks around the values of a command's flags away. It refuses
// those that are given without a value, as by a script whose variable is empty: the request would
// mean something else.
func notEmpty(names ...string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		for _, name := range names {
			if flag := cmd.Flags().Lookup(name); flag.Changed && trim(flag) == "" {
				return usageError{fmt.Errorf("--%s is empty: give a value, or leave the flag out", name)}
			}
		}
		return nil
	}
}

// trim takes the blanks around a flag's value away, and returns the rest.
func trim(flag *pflag.Flag) string {
	text := strings.TrimSpace(flag.Value.String())
	_ = flag.Value.Set(text) // any text is one
	return text
}

// warnOfGateways says which of the gateways that --pg names are not known. That
// is no error: PortOne may have learnt of one since. Where queues are named by it, a gateway
// without one is an error, which says so.
func (p *program) warnOfGateways(cmd *cobra.Command) {
	flag := cmd.Flags().Lookup("pg")
	if flag == nil || !flag.Changed || cmd.Parent().Name() == "queue" {
		return
	}
	names := []string{flag.Value.String()}
	if several, ok := flag.Value.(pflag.SliceValue); ok {
		names = several.GetSlice()
	}
	for _, name := range names {
		if _, known := tasks.ParseGateway(name); known || name == "" {
			continue
		}
		p.say("revoker: payment gateway %q is not known, and has no queue of its own; known are %s", name, knownGateways())
	}
}

// knownGateways returns the codes of the gateways that are known.
func knownGateways() string { return listed(tasks.Gateways()) }
