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

// The exit codes.
const (
	exitDone       = 0 // all was done as asked
	exitFailed     = 1 // an error ended it
	exitUsage      = 2 // the arguments are wrong: nothing was begun
	exitUnfinished = 3 // something is left to do, which the command says
)

// errUnfinished ends a command that did what it was told, but has something to
// report that is dead, invalid or unfinished. It has been shown already.
var errUnfinished = errors.New("not everything is revoked")

// unfinishedIf returns errUnfinished if so.
func unfinishedIf(so bool) error {
	if so {
		return errUnfinished
	}
	return nil
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

// program is revoker with the world around it.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string

	// Of the command that runs:
	redis      config.Redis
	retention  config.Retention
	json       bool        // whether it prints JSON
	redisFlags string      // those given that find Redis, as they are repeated to look again
	role       rights.Role // of the users that may run it

	client  redis.UniversalClient // nil until the command connects
	store   *outcome.Store        // likewise, as what follows
	gates   *gate.Store
	tracers trace.TracerProvider // nil unless the command makes spans
	ends    []func()             // ends what was begun for the command
}

// connect opens a Redis that answers and is what its URL takes it for, until the command ends,
// or returns an error as [config.Redis.Reach] does.
func (p *program) connect(ctx context.Context) error {
	client, err := p.redis.Open()
	if err != nil {
		return usageError{err}
	}
	p.ends = append(p.ends, func() { _ = client.Close() })
	p.client, p.store = client, outcome.NewStore(client, p.redis.Outcomes())
	p.gates = gate.NewStore(client, p.redis.Namespace)
	redis.SetLogger(silent{}) // what fails is reported by whoever asked for it
	return p.redis.Reach(ctx, client)
}

// connectToRequest is connect for a command that requests: the error also says what its user
// may not do, why Redis takes no writes, or which key that all requests share holds another
// type of value.
func (p *program) connectToRequest(ctx context.Context) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	err := rights.Check(ctx, p.client, rights.Producer, p.redis.Namespace)
	if redisfault.Permanent(err) || rights.NoWrites(err) {
		return err
	}
	return p.mistyped(ctx)
}

// requests returns a client that requests as the command's settings say.
func (p *program) requests() *enqueue.Client {
	return enqueue.NewClient(p.client, enqueue.Config{
		Outcomes: p.redis.Outcomes(), Retention: p.retention.Duration(), Tracers: p.tracers,
	})
}

// end ends what was begun for a command, the last first.
func (p *program) end() {
	for _, end := range slices.Backward(p.ends) {
		end()
	}
	p.ends = nil
}

// mistyped returns an error that names a key of another type than requests need it to be.
func (p *program) mistyped(ctx context.Context) error {
	if err := p.client.SMembers(ctx, asynqkeys.Registry).Err(); redisfault.Of(err) == redisfault.WrongType {
		return fmt.Errorf("the key %s in Redis is no set: %w", asynqkeys.Registry, err)
	}
	return p.store.Mistyped(ctx)
}

// silent is the Redis client's log where there is none of ours.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// say writes what people are told.
func (s screen) say(format string, args ...any) {
	_ = s.text(fmt.Sprintf(format, args...)) // a closed stream is no reason to stop
}

// say tells people something that is no result.
func (p *program) say(format string, args ...any) { newScreen(p.stderr).say(format, args...) }

// complain says what went wrong, and what to do about it where that is known.
func (p *program) complain(ctx context.Context, what string, err error) {
	err = p.refused(ctx, err)
	p.say("%s: %v", what, err)
	if advice := redisfault.Advice(err); advice != "" {
		p.say("→ %s", advice)
	}
}

// refused returns an error of a command with what Redis does not let its user do, or does not
// know, named in it, and any other error as it is. Redis names one command. It names none in a
// script, and no keys: then all is tried that the command's user in the runbook's list may do.
func (p *program) refused(ctx context.Context, err error) error {
	fault := redisfault.Of(err)
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

// roleOf returns the role of the users that may run a command, by the runbook's table.
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

// unquoted is what a shell takes as it stands.
var unquoted = regexp.MustCompile(`^[\w.,:/@%+=-]+$`)

// givenRedisFlags returns the flags that find Redis and were given on the command line, each
// after a blank: without them a command would look elsewhere. What the environment says, it
// says again.
func givenRedisFlags(flags *pflag.FlagSet) string {
	var given strings.Builder
	flags.Visit(func(flag *pflag.Flag) {
		if !config.FindsRedis(flag) || flag.Name == "outcome-ttl" {
			return
		}
		value := flag.Value.String()
		if !unquoted.MatchString(value) {
			value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
		}
		given.WriteString(" --" + flag.Name + " " + value)
	})
	return given.String()
}

// trace makes the spans that the environment asks for, until the command ends. What cannot be
// sent is reported.
func (p *program) trace(ctx context.Context) error {
	tracers, err := traces.Start(ctx, p.getenv, func(err error) { p.say("revoker: spans not sent: %v", err) })
	if err != nil {
		return usageError{err}
	}
	p.tracers, p.ends = tracers, append(p.ends, func() { tracers.Stop(ctx) })
	return nil
}
