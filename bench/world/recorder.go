package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// recorder is a hook of go-redis that enters every Redis command that names an imp_uid into its
// history.
type recorder struct {
	world *world
	host  *host
	who   string
}

// DialHook changes nothing.
func (recorder) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook enters a command once it has ended. A host that is to stop at an attempt stops at
// the command that begins one: the script is known by its first words, those of
// attempt_begin.lua.
func (r recorder) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.HasPrefix(r.nameOf(cmd), `script "Begins an attempt`) {
			r.host.begin()
		}
		err := next(ctx, cmd)
		r.record(cmd)
		return err
	}
}

// ProcessPipelineHook enters the commands of a pipeline once it has ended.
func (r recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			r.record(cmd)
		}
		return err
	}
}

// longest is how many bytes are shown of a reply or an argument: as many as fit on a line.
const longest = 90

// record enters a command into the history of each imp_uid that it names, or that its reply
// names. Those that only read say nothing unless they fail.
func (r recorder) record(cmd redis.Cmder) {
	result := ""
	if cmd.Err() == nil && strings.Contains(reads, " "+strings.ToUpper(cmd.Name())+" ") {
		return
	}
	if err := cmd.Err(); err != nil && !errors.Is(err, redis.Nil) {
		result = err.Error()
	} else if c, ok := cmd.(*redis.Cmd); ok {
		result = fmt.Sprint(c.Val())
	}
	seen := make(map[string]string)
	// A command may name several imp_uids, as those of a list do: it is entered for each.
	for _, arg := range cmd.Args() {
		text, isText := arg.(string)
		if impUID := impUIDIn(text); isText && impUID != "" && seen[impUID] == "" {
			seen[impUID] = text[:min(len(text), longest)]
		}
	}
	// A command that names none may have an imp_uid in its reply, as one that takes a task off a
	// queue.
	if impUID := impUIDIn(result); len(seen) == 0 && impUID != "" {
		seen[impUID] = ""
	}
	// The reply of the script that begins an attempt has its time, by Redis' clock, behind the
	// word "begun".
	if _, rest, begun := strings.Cut(result, "[begun "); begun {
		text, _, _ := strings.Cut(rest, " ")
		micros, _ := strconv.ParseInt(text, 10, 64)
		for impUID := range seen {
			r.world.lookout.begins(impUID, r.who, time.UnixMicro(micros).Add(-r.world.scenario.RedisSkew))
		}
	}
	for impUID, text := range seen {
		result = strings.ToValidUTF8(result[:min(len(result), longest)], "")
		r.world.note(impUID, r.who, fmt.Sprintf("%s %s: %q", r.nameOf(cmd), text, result))
	}
}

// nameOf returns a command's name, or of a script its first words: its SHA-1 would tell a
// reader nothing.
func (r recorder) nameOf(cmd redis.Cmder) string {
	args := cmd.Args()
	if sha, isText := args[min(1, len(args)-1)].(string); isText && cmd.Name() == "evalsha" {
		title := r.world.redis.title(sha)
		return fmt.Sprintf("script %q", title[:min(len(title), longest/2)])
	}
	return cmd.Name()
}
