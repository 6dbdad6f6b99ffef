// Package rights finds out whether Redis lets its user do what a part of this project does,
// before that part begins.
package rights

import (
	"context"
	_ "embed"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

//go:embed trial.lua
var source string

var script = redis.NewScript(source)

// Check tries what a role does in a namespace, in two or three round trips and, in a Cluster,
// one for each key. It returns nil if Redis allows and knows it all, a
// [*redisfault.RightsError] if it does not, or why that could not be found out. Users need no
// right for it that the role does not, so that it works where ACL is forbidden.
func Check(ctx context.Context, client redis.UniversalClient, role Role, namespace string) error {
	c := &check{client: client, namespace: namespace, missing: &redisfault.RightsError{User: User(client), Role: role.User}}
	key, pattern := role.written[0].examples(namespace)[0], role.written[0].in(namespace)
	if err := c.scripts(ctx, key, pattern); err != nil || c.missing.Any() {
		return c.result(err)
	}
	var all []trial
	for _, command := range append(role.Commands(), "del") { // which leaves nothing
		words := strings.Fields(strings.ReplaceAll(command+" "+arguments[command], "K", key))
		all = append(all, trial{command: command, words: words})
	}
	written := keyTrials(role.written, namespace, "hincrby", "trial", "x") // which writes nothing
	if _, cluster := client.(*redis.ClusterClient); !cluster {
		return c.result(errors.Join(c.run(ctx, key, append(all, written...)), c.read(ctx, role)))
	}
	err := c.run(ctx, key, all)
	for _, t := range written {
		err = errors.Join(err, c.run(ctx, t.words[1], []trial{t}))
	}
	return c.result(errors.Join(err, c.read(ctx, role)))
}

// check is one examination.
type check struct {
	client    redis.UniversalClient
	namespace string
	missing   *redisfault.RightsError
}

// trial is a command that is tried for its own sake, or for that of the pattern of its key.
type trial struct {
	command, pattern string
	words            []string
}

// keyTrials returns what tries keys with a command.
func keyTrials(patterns []pattern, namespace, command string, arguments ...string) (all []trial) {
	for _, p := range patterns {
		for _, key := range p.examples(namespace) {
			words := append([]string{command, key}, arguments...)
			all = append(all, trial{pattern: p.in(namespace), words: words})
		}
	}
	return all
}

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
func (c *check) run(ctx context.Context, key string, all []trial) error {
	var args []any
	for _, t := range all {
		args = append(args, len(t.words))
		for _, word := range t.words {
			args = append(args, word)
		}
	}
	failed, err := script.Run(ctx, c.client, []string{key}, args...).Slice()
	if err != nil {
		return c.note(all[0], err) // the key alone, in a Cluster
	}
	for _, f := range failed {
		pair, _ := f.([]any)
		if len(pair) != 2 {
			continue
		}
		number, _ := pair[0].(int64)
		text, _ := pair[1].(string)
		_ = c.note(all[number-1], errors.New(text)) // other errors are those of the arguments
	}
	return nil
}

// read tries the keys that the role only reads: Redis takes a script for one that writes
// its keys.
func (c *check) read(ctx context.Context, role Role) error {
	if len(role.read) == 0 {
		return nil
	}
	pipe := c.client.Pipeline()
	all := keyTrials(role.read, c.namespace, "exists")
	replies := make([]*redis.IntCmd, len(all))
	for i, t := range all {
		replies[i] = pipe.Exists(ctx, t.words[1])
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	var failed []error
	for i, t := range all {
		failed = append(failed, c.note(t, replies[i].Err()))
	}
	return errors.Join(failed...)
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
