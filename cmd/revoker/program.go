package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/cmd/internal/traces"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/rights"
	"receiptrevoker/worker/gate"
)

// The exit codes. Scripts depend on them, and so does systemd, which does not restart a unit that
// ends with 2 (RestartPreventExitStatus in deploy/systemd). deploy/REFERENCE.md has them as a table.
const (
	exitDone       = 0 // all was done as asked
	exitFailed     = 1 // an error ended it
	exitUsage      = 2 // the arguments are wrong: nothing was begun
	exitUnfinished = 3 // something is left to do, which the command says
)

// errUnfinished ends a command that did what it was told, but has something to report that is dead,
// invalid or unfinished. The command has shown that already: run prints nothing for this error, and
// returns [exitUnfinished]. Its text appears in no output.
var errUnfinished = errors.New("not everything is revoked")

// unfinishedIf returns errUnfinished if so. It is the last statement of commands that show many
// outcomes, of which one that is not revoked decides the exit code.
func unfinishedIf(so bool) error {
	if so {
		return errUnfinished
	}
	return nil
}

// usageError is a command line, or a setting, that makes no sense: repeating it cannot help. run
// prints it with a hint at -h and returns [exitUsage].
type usageError struct{ error }

// program is revoker with the world around it: streams, environment, and what the command that runs
// has opened. A value runs one command line. Tests fill in the first four fields and call run.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	// Of the command that runs:
	redis      config.Redis
	retention  config.Retention
	json       bool        // whether it prints JSON
	redisFlags string      // those on the command line that find Redis, for commands that revoker advises
	role       rights.Role // of the users of Redis that may run it

	client  redis.UniversalClient // nil until the command connects
	store   *outcome.Store        // nil until then, as is gates
	gates   *gate.Store
	tracers trace.TracerProvider // nil unless the command makes spans
	ends    []func()             // each ends what was begun for the command; see end
}

// connect opens Redis until the command ends, and returns once it answers and is what its URL takes it
// for. Otherwise it returns within five seconds an error as [config.Redis.Reach] does, or a
// usageError for a URL that cannot be read: a command is run by a person who waits, so that it does
// not wait for an outage to pass, as work does.
func (p *program) connect(ctx context.Context) error {
	client, err := p.redis.Open()
	if err != nil {
		return usageError{err}
	}
	p.ends = append(p.ends, func() { _ = client.Close() })
	p.client, p.store = client, outcome.NewStore(client, p.redis.Outcomes())
	p.gates = gate.NewStore(client, p.redis.Namespace)
	// By default go-redis writes a log of its own to standard error. The command says what is wrong
	// once, with advice.
	redis.SetLogger(silent{})
	return p.redis.Reach(ctx, client)
}

// connectToRequest is connect for a command that requests: the error also says what its user in Redis
// may not do, why Redis takes no writes, or which key that all requests share holds another type of
// value. Without these trials the command would repeat for half a minute what cannot succeed.
func (p *program) connectToRequest(ctx context.Context) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	// Any other error of the trial may pass, and comes again with the first request if it does not.
	err := rights.Check(ctx, p.client, rights.Producer, p.redis.Namespace)
	if redisfault.Permanent(err) || rights.NoWrites(err) {
		return err
	}
	return p.mistyped(ctx)
}

// requests returns a client that requests as the settings of the command say. connect must have
// succeeded. Commands that only read, such as status, use its Outcome too.
func (p *program) requests() *enqueue.Client {
	return enqueue.NewClient(p.client, enqueue.Config{
		Outcomes: p.redis.Outcomes(), Retention: p.retention.Duration(), Tracers: p.tracers,
	})
}

// end ends what was begun for a command, the last first: the spans are sent before the connection to
// Redis is closed. Calling it again does nothing.
func (p *program) end() {
	for _, end := range slices.Backward(p.ends) {
		end()
	}
	p.ends = nil
}

// mistyped returns an error that names a key of another type than requests need it to be, as where
// another program uses the database. Such a key stays what it is, so no repetition helps. Asynq's set
// of queues is among the keys: Asynq adds each queue to it before the first task.
func (p *program) mistyped(ctx context.Context) error {
	if err := p.client.SMembers(ctx, asynqkeys.Registry).Err(); redisfault.Of(err) == redisfault.WrongType {
		return fmt.Errorf("the key %s in Redis is no set: %w", asynqkeys.Registry, err)
	}
	return p.store.Mistyped(ctx)
}

// silent is the log of go-redis in commands that have no log of their own; work has [redisLogger].
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// say writes to standard error what is no result, so that a pipe gets results alone.
func (p *program) say(format string, args ...any) { newScreen(p.stderr).say(format, args...) }

// complain says what went wrong and, on a line that begins with an arrow, what to do about it where
// that is known. what says what could not be done; it stands before the error.
func (p *program) complain(ctx context.Context, what string, err error) {
	err = p.refused(ctx, err)
	p.say("%s: %v", what, err)
	if advice := redisfault.Advice(err); advice != "" {
		p.say("→ %s", advice)
	}
}

// refused returns an error of Redis with the commands and keys named in it that Redis does not allow
// its user, or does not know, and any other error as it is. [redisfault.Advice] makes the ACL SETUSER
// of it that gives the rights.
//
// Redis names the command that it refused, but none in a script, and no keys. Then everything is
// tried that the user of the command's role may do (deploy/redis/users.acl), and what is refused of
// that is named.
func (p *program) refused(ctx context.Context, err error) error {
	fault := redisfault.Of(err)
	// Without a connection there is no user to name and nothing to try.
	if p.client == nil || fault != redisfault.NoPerm && fault != redisfault.UnknownCommand {
		return err
	}
	missing := redisfault.Refused(err, rights.User(p.client))
	if missing == nil {
		errors.As(rights.Check(ctx, p.client, p.role, p.redis.Namespace), &missing)
	}
	if missing == nil {
		return err
	}
	missing.Role = p.role.User
	return fmt.Errorf("%w (%w)", missing, err)
}

// roleOf returns the role of the users of Redis that may run a command, as the runbook's table of
// commands has it; a test compares the two. Commands that change what others have requested are for
// operators, and so is the web site, whose --allow-actions does.
func roleOf(cmd *cobra.Command) rights.Role {
	_, name, _ := strings.Cut(cmd.CommandPath(), " ")
	switch group, _, _ := strings.Cut(name, " "); {
	case group == "cancel", group == "dead", group == "queue", name == "batch cancel", name == "monitor":
		return rights.Operator
	case name == "work":
		return rights.Worker
	}
	return rights.Producer
}

// unquoted matches what a shell takes as it is, without quotation marks.
var unquoted = regexp.MustCompile(`^[\w.,:/@%+=-]+$`)

// givenRedisFlags returns the flags that find Redis and were given on the command line, each after a
// blank, as in " --namespace acme". revoker appends them to commands that it advises: without
// --namespace, status would say unknown of a request that was just made. Variables of the environment
// still hold in the same shell. No password is among them, as --redis refuses one.
//
// It must be called before the environment sets flags, which pflag then counts as given.
func givenRedisFlags(flags *pflag.FlagSet) string {
	var given strings.Builder
	flags.Visit(func(flag *pflag.Flag) {
		// --outcome-ttl is registered with the others, but says how long outcomes live.
		if !config.FindsRedis(flag) || flag.Name == "outcome-ttl" {
			return
		}
		value := flag.Value.String()
		if !unquoted.MatchString(value) {
			// Within single quotes a shell takes all but a single quote as it is: that ends the
			// quotation, comes with a backslash, and begins the next.
			value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
		given.WriteString(" --" + flag.Name + " " + value)
	})
	return given.String()
}

// trace makes the spans that the OTEL_ variables of the environment ask for, until the command ends.
// Spans that cannot be sent are reported and stop nothing. The error is a usageError that names the
// variable. enqueue, bulk and dead retry call it: a task carries their trace to the worker.
func (p *program) trace(ctx context.Context) error {
	tracers, err := traces.Start(ctx, p.getenv, func(err error) { p.say("revoker: spans not sent: %v", err) })
	if err != nil {
		return usageError{err}
	}
	p.tracers, p.ends = tracers, append(p.ends, func() { tracers.Stop(ctx) })
	return nil
}
