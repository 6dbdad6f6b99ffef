package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/cmd/internal/traces"
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
	if p.redis == nil || fault != redisfault.NoPerm && fault != redisfault.UnknownCommand {
		return err
	}
	client, failed := p.redis.Open()
	if failed != nil {
		return err
	}
	defer client.Close()
	missing := redisfault.Refused(err, rights.User(client))
	if missing == nil {
		errors.As(rights.Check(ctx, client, p.role, p.redis.Namespace), &missing)
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

// tracing returns the tracers that the environment asks for, which the caller
// stops. What cannot be sent is reported.
func (p *program) tracing(ctx context.Context) (*traces.Tracers, error) {
	tracers, err := traces.Start(ctx, p.getenv, func(err error) {
		p.say("revoker: spans not sent: %v", err)
	})
	if err != nil {
		return nil, usageError{err}
	}
	return tracers, nil
}
