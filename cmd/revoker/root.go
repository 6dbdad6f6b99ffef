package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/worker/metrics"
)

// run carries a command line out and returns the exit code. It is the only place that turns errors into
// messages and exit codes: commands return them. What a command has opened is closed when it returns.
func (p *program) run(ctx context.Context, args []string) int {
	defer p.end()
	started := false
	root := p.root()
	root.SetArgs(args)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		// In this order: a flag that the environment has set counts as given from then on, and the
		// Redis URL with its password would be repeated in advice.
		p.redisFlags, p.role = givenRedisFlags(cmd.Flags()), roleOf(cmd)
		if err := config.FromEnvironment(cmd.Flags(), p.getenv); err != nil {
			return err
		}
		// Whatever fails before is a fault of the command line or the environment: cobra has its own
		// errors for unknown flags and commands, which are no usageError.
		started = true
		p.warnOfGateways(cmd)
		return nil
	}
	cmd, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errUnfinished):
		return exitUnfinished
	case !started || errors.As(err, &usage):
		// cmd is the command that was found, so that the hint leads to its own help.
		p.say("revoker: %v\nSee '%s -h'.", err, cmd.CommandPath())
		return exitUsage
	}
	p.complain(ctx, "revoker", err)
	return exitFailed
}

// root returns the program's command with all others below it. A new command is added here, in
// [roleOf], in the runbook's table of users, and in the table of deploy/REFERENCE.md, which a test
// writes anew with -update.
func (p *program) root() *cobra.Command {
	// run prints errors, with advice and the right exit code, so cobra is told to be silent.
	root := &cobra.Command{
		Use:   "revoker",
		Short: "Revokes cash receipts (현금영수증) through PortOne V1",
		Long: `Revoker revokes cash receipts (현금영수증) through PortOne V1, formerly
I'amport.

Order services queue revocations in Redis, workers carry them out and repeat
what a payment gateway failed to do, and the outcome of every imp_uid is in
Redis. Begin with 'revoker demo'.

Results go to standard output, progress and logs to standard error.
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 done, but something ended dead,
invalid or unfinished.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		// cobra parses flags before it looks at the words: of "queue pasue --all" it would name --all,
		// which queue does not know, and not the misspelled word.
		if cmd.HasSubCommands() {
			err = cmp.Or(noSuchCommand(cmd, cmd.Flags().Args()), err)
		}
		return config.FlagError(err)
	})
	root.SetVersionTemplate("{{.Version}}\n")
	// The template of cobra prints flags unwrapped, which a terminal of 80 columns breaks anywhere.
	wrapped := ".FlagUsagesWrapped " + strconv.Itoa(usageWidth)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", wrapped))
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(help())
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.AddCommand(
		p.demo(), p.work(), p.enqueue(), p.bulk(), p.cancel(), p.status(), p.batch(),
		p.outcomes(), p.dead(), p.queue(), p.monitor(),
		p.simulate(), p.doctor(), p.version(),
	)
	root.SetUsageFunc(groupConnection(root.UsageFunc()))
	return root
}

// help returns the command that shows what -h does, in the words that many programs have for it. It
// takes the place of cobra's own, which prints an error for an unknown command and exits with 0.
func help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show what a command does, as -h does",
		RunE: func(cmd *cobra.Command, args []string) error {
			of, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			if len(rest) > 0 {
				return usageError{fmt.Errorf("unknown command %q for %q", rest[0], of.CommandPath())}
			}
			return of.Help()
		},
	}
}

func (p *program) batch() *cobra.Command {
	return group(&cobra.Command{
		Use:   "batch",
		Short: "Show how far lists have come, report on them, cancel them",
		Long: `A batch is a list that was asked for with 'revoker bulk'. These commands tell
how far it has come, wait for its end, write the list with its outcomes, and
withdraw what has not been called.`,
		Example: `  revoker batch list
  revoker batch show refunds-2026-11 --wait
  revoker batch report refunds-2026-11 --output outcomes.csv --bom`,
	}, p.batchList(), p.batchShow(), p.batchReport(), p.batchCancel())
}

func (p *program) dead() *cobra.Command {
	return group(&cobra.Command{
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
	}, p.deadList(), p.deadRetry(), p.deadSettle(), p.deadDiscard(), p.deadExport())
}

func (p *program) queue() *cobra.Command {
	return group(&cobra.Command{
		Use:   "queue",
		Short: "Show queues and what pauses them, pause or resume them",
		Long: `Each payment gateway has two queues, such as receipts-kcp and receipts-bulk-kcp.
One is paused by a person, or by the gate of its gateway while that is down. The
gate resumes what it has paused by itself; what a person has paused stays paused
until a person resumes it, here, in the Asynq web UI or with Asynq's own tool. A
queue that does not exist yet can be paused too.`,
		Example: `  revoker queue list
  revoker queue pause --pg nice --reason 'maintenance until 06:00'
  revoker queue resume --pg kcp`,
	}, p.queueList(), p.queuePause(), p.queueResume())
}

// group returns a command that only has others below it. Alone it shows them and exits with 0. Without
// Args, cobra would take a misspelled command for an argument and show the help as if all were well.
func group(cmd *cobra.Command, commands ...*cobra.Command) *cobra.Command {
	cmd.Args, cmd.DisableFlagsInUseLine = noSuchCommand, true
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(commands...)
	return cmd
}

// usageWidth is how many columns help may take: those of an ordinary terminal. A test holds all help
// texts to it, also the Long texts, which nothing wraps.
const usageWidth = 80

// groupConnection makes help show the flags by which a command finds Redis in a group of their own,
// Connection, below the command's flags. Nearly every command has these flags, and between them the few
// of its own that a person looks for would be hard to find.
func groupConnection(show func(*cobra.Command) error) func(*cobra.Command) error {
	return func(cmd *cobra.Command) error {
		group := pflag.NewFlagSet("", pflag.ContinueOnError)
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			if !config.FindsRedis(flag) {
				return
			}
			// The flag itself stays hidden. The process ends with its help, so nothing restores it.
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

// version returns what the program was built from, as the metric revoker_build_info has it: the version
// of the module, the revision of the source, which ends in -dirty if files were changed, and Go's.
func version() string {
	version, revision, goVersion := metrics.Built()
	return fmt.Sprintf("revoker %s, revision %s, %s", version, revision, goVersion)
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show version, revision and Go version, as --version does",
		Args:  arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			return newScreen(p.stdout).line(version(), hanging)
		},
	}
}
