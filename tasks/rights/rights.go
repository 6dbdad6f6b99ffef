// Package rights finds out whether Redis allows its user what a part of this project does,
// before that part begins.
package rights

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

//go:embed rights.lua
var source string

var script = redis.NewScript(source)

// Check tries what a role does in a namespace, in three or four round trips. It returns nil if
// Redis allows and knows it all, a [*redisfault.RightsError] if it does not, or why that could
// not be found out, or why Redis takes no writes, as [NoWrites] reports. Users need no right for
// it that the role does not, so that it works where ACL is forbidden.
func Check(ctx context.Context, client redis.UniversalClient, role Role, namespace string) error {
	missing := &redisfault.RightsError{User: User(client), Role: role.User}
	c := &check{client: client, namespace: namespace, missing: missing}
	key := examples(role.written[0], namespace)[0]
	err := c.scripts(ctx, key, in(role.written[0], namespace))
	if err != nil || len(c.missing.Commands)+len(c.missing.Unknown) > 0 {
		return c.result(err)
	}
	if len(c.missing.Keys) == 0 {
		err = c.run(ctx, key, append(role.Commands(), "del")) // which leaves nothing
	}
	return c.result(errors.Join(err, c.keys(ctx, role)))
}

// check is one examination.
type check struct {
	client    redis.UniversalClient
	namespace string
	missing   *redisfault.RightsError
}

// trial is a command that is tried for its own sake, or for that of the pattern of its key.
type trial struct{ command, pattern string }

// scripts tries both commands that run scripts, on a key. EVAL makes the script known to EVALSHA.
func (c *check) scripts(ctx context.Context, key, pattern string) error {
	pipe := c.client.Pipeline()
	eval, evalSHA := script.Eval(ctx, pipe, []string{key}), script.EvalSha(ctx, pipe, []string{key})
	_, _ = pipe.Exec(ctx) // each command has its own error
	err := c.note(trial{command: "eval", pattern: pattern}, eval.Err())
	if redis.HasErrorPrefix(evalSHA.Err(), "NOSCRIPT") { // EVAL was refused
		return err
	}
	return errors.Join(err, c.note(trial{command: "evalsha", pattern: pattern}, evalSHA.Err()))
}

// run tries commands in a script, which Redis runs where the key is.
func (c *check) run(ctx context.Context, key string, commands []string) error {
	var args []any
	for _, command := range commands {
		words := strings.Fields(strings.ReplaceAll(command+" "+arguments[command], "K", key))
		args = append(args, len(words))
		for _, word := range words {
			args = append(args, word)
		}
	}
	failed, err := script.Run(ctx, c.client, []string{key}, args...).Slice()
	for _, f := range failed {
		pair, _ := f.([]any)
		if len(pair) != 2 {
			continue
		}
		number, _ := pair[0].(int64)
		text, _ := pair[1].(string)
		if failed := c.note(trial{command: commands[number-1]}, errors.New(text)); NoWrites(failed) {
			err = fmt.Errorf("redis takes no writes: %w", failed)
		} // other errors are those of the arguments
	}
	return err
}

// keys tries the keys of a role, outside of scripts: Redis takes a script for one that writes
// its keys.
func (c *check) keys(ctx context.Context, role Role) error {
	pipe := c.client.Pipeline()
	var all []trial
	var replies []*redis.IntCmd
	try := func(patterns []pattern, command func(key string) *redis.IntCmd) {
		for _, p := range patterns {
			for _, key := range examples(p, c.namespace) {
				all, replies = append(all, trial{pattern: in(p, c.namespace)}), append(replies, command(key))
			}
		}
	}
	try(role.written, func(key string) *redis.IntCmd { // which changes nothing: x is no number
		reply := redis.NewIntCmd(ctx, "hincrby", key, "trial", "x")
		_ = pipe.Process(ctx, reply) // fails for a command without words
		return reply
	})
	try(role.read, func(key string) *redis.IntCmd { return pipe.Exists(ctx, key) })
	_, _ = pipe.Exec(ctx) // each command has its own error
	var failed []error
	for i, t := range all {
		if err := c.note(t, replies[i].Err()); !allowed(err) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// allowed reports whether Redis refused a command for its arguments, what its key holds, or
// because it takes no writes, which it sees after the rights of its user.
func allowed(err error) bool {
	var said redis.Error
	fault := redisfault.Of(err)
	ours := fault == "" || fault == redisfault.WrongType || fault == redisfault.OOM || NoWrites(err)
	return errors.As(err, &said) && ours
}

// NoWrites reports whether Redis refuses every write until a replica or its disk is mended.
func NoWrites(err error) bool {
	fault := redisfault.Of(err)
	return fault == redisfault.NoReplicas || fault == redisfault.Misconf
}

// note enters that a trial failed for want of a right or a command, and returns any other
// error.
func (c *check) note(t trial, err error) error {
	switch redisfault.Of(err) {
	case redisfault.NoPerm:
		aboutKey := strings.Contains(err.Error(), " key")
		switch {
		case aboutKey && t.pattern != "":
			c.missing.AddKeys(t.pattern)
		case !aboutKey && t.command != "":
			c.missing.AddCommand(t.command)
		}
		return nil
	case redisfault.UnknownCommand:
		if t.command != "" {
			c.missing.AddUnknown(t.command)
		}
		return nil
	}
	return err
}

// result returns what is missing, or else why that is not known.
func (c *check) result(err error) error {
	if c.missing.Any() {
		return c.missing
	}
	return err
}

// User returns the name by which Redis knows the user of a client.
func User(client redis.UniversalClient) (name string) {
	switch client := client.(type) {
	case *redis.Client:
		name = client.Options().Username
	case *redis.ClusterClient:
		name = client.Options().Username
	}
	if name == "" {
		return "default"
	}
	return name
}
