package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/rights"
)

// The exit codes.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitUnfinished = 3
)

// errUnfinished ends a command that did what it was told, but has something to
// report that is dead, invalid or unfinished. It has been shown already.
var errUnfinished = errors.New("not everything is revoked")

// usageError is a command line that makes no sense.
type usageError struct{ error }

// program is revoker with the world around it.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	redisFlags string        // those given that find Redis, as they are repeated to look again
	role       rights.Role   // of the users that may run the command
	redis      *config.Redis // the Redis that the command has opened, nil if none
}

// run carries a command line out and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	started := false
	root := p.root()
	root.SetArgs(args)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		p.redisFlags, p.role = givenRedisFlags(cmd.Flags()), roleOf(cmd)
		if err := config.FromEnvironment(cmd.Flags(), p.getenv); err != nil {
			return err
		}
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
		p.say("revoker: %v\nSee '%s -h'.", err, cmd.CommandPath())
		return exitUsage
	}
	p.complain(ctx, "revoker", err)
	return exitFailed
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "revoker",
		Short: "Revokes cash receipts (현금영수증) through PortOne V1",
		Long: `Revoker revokes cash receipts (현금영수증) through PortOne V1, formerly
I'amport.

Order services queue revocations in Redis, workers carry them out and repeat
what a payment gateway failed to do, and what became of every imp_uid stands in
Redis. Begin with 'revoker demo'.

Results go to standard output, progress and logs to standard error.
Exit codes: 0 done; 1 failed; 2 wrong usage; 3 done, but something ended dead,
invalid or unfinished.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd.HasSubCommands() { // a flag of a command that is misspelled is not known either
			err = cmp.Or(noSuchCommand(cmd, cmd.Flags().Args()), err)
		}
		return config.FlagError(err)
	})
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped "+strconv.Itoa(usageWidth)))
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

// help shows what -h does, in the words that many programs have for it.
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

// connect returns a client of a Redis that answers and is what its URL takes it for, or
// an error as [config.Redis.Reach] returns it.
func (p *program) connect(ctx context.Context, settings config.Redis) (redis.UniversalClient, error) {
	client, err := settings.Open()
	if err != nil {
		return nil, usageError{err}
	}
	p.redis = &settings
	redis.SetLogger(silent{}) // what fails is reported by whoever asked for it
	if err := settings.Reach(ctx, client); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// connectAs is connect for a role: the error also says what its user may not do, why Redis
// takes no writes, or which key that all requests share holds another type of value.
func (p *program) connectAs(ctx context.Context, role rights.Role, settings config.Redis) (redis.UniversalClient, error) {
	client, err := p.connect(ctx, settings)
	if err != nil {
		return nil, err
	}
	err = rights.Check(ctx, client, role, settings.Namespace)
	if !redisfault.Permanent(err) && !rights.NoWrites(err) {
		err = mistyped(ctx, client, settings)
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// mistyped returns an error that names a key of another type than requests need it to be.
func mistyped(ctx context.Context, client redis.UniversalClient, settings config.Redis) error {
	if err := client.SMembers(ctx, asynqkeys.Registry).Err(); redisfault.Of(err) == redisfault.WrongType {
		return fmt.Errorf("the key %s in Redis is no set: %w", asynqkeys.Registry, err)
	}
	return outcome.NewStore(client, settings.Outcomes()).Mistyped(ctx)
}

// silent is the Redis client's log where there is none of ours.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
