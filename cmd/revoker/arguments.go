package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
)

// arguments returns a check that a command is given between least and most arguments; a negative
// most is no limit. what names the argument for the error, so that "an IMP_UID" becomes "an IMP_UID
// is missing"; a clause in it needs its second comma, as in "the FILE, or - for standard input,".
//
// Cobra checks the arguments before PersistentPreRunE (execute in its command.go), in which run
// notes that the command has started. So an error from here ends with exit code 2, wrong usage,
// without being a usageError.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least {
			return fmt.Errorf("%s is missing", what)
		}
		if most >= 0 && len(args) > most {
			return fmt.Errorf("%q is one argument too many", args[most])
		}
		// A script whose variable is unset gives an empty argument. Without this error the command
		// would go on to look for an imp_uid, a batch or a file without a name.
		if i := slices.IndexFunc(args, blank); i >= 0 {
			return fmt.Errorf("argument %d of %d is empty, as by a variable without a value: "+
				"give it, or leave it out", i+1, len(args))
		}
		return nil
	}
}

// blank reports whether a text has nothing but blanks: a variable that holds one blank is as
// wrong as one that holds nothing.
func blank(text string) bool { return strings.TrimSpace(text) == "" }

// noSuchCommand refuses the name of a command that a group does not have. Cobra checks names below
// the root only (legacyArgs in its args.go): without this check "revoker dead frobnicate" would
// print the group's help and exit 0, and a script would not notice its mistake.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	}
	return nil
}

// notEmpty returns a PreRunE that refuses the named flags where they are given without a value, as
// by a script whose variable is empty, and takes the blanks around their values away. An empty flag
// would mean something else than the script intends: no --apply-num means whichever receipt the
// payment has now, no --tier the workers' own sub-merchant, no --by the user of the machine. A flag
// that is not given at all is left alone.
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

// trim takes the blanks around a flag's value away, and returns the rest. It is for flags of text
// alone, whose Set never fails.
func trim(flag *pflag.Flag) string {
	text := strings.TrimSpace(flag.Value.String())
	_ = flag.Value.Set(text) // any text is one
	return text
}

// warnOfGateways warns of each gateway in --pg that is not known. It is a warning only: PortOne may
// support a gateway that this version does not know, and its requests go to the common queue. The
// queue commands are left out, since --pg names queues there: an unknown gateway has none, which is
// an error of theirs with exit code 2.
func (p *program) warnOfGateways(cmd *cobra.Command) {
	flag := cmd.Flags().Lookup("pg")
	if flag == nil || !flag.Changed || cmd.Parent().Name() == "queue" {
		return
	}
	// The dead commands take several gateways, as in --pg kcp,nice; enqueue, bulk and batch report take one.
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

// knownGateways returns the codes of all known gateways for a message, with commas between them.
func knownGateways() string { return listed(tasks.Gateways()) }
