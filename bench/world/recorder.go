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

// recorder enters every Redis command that names an imp_uid into its history, and tells the
// lookout of each attempt that has begun. It is a hook of a process's client, and so sees a command
// once, with the result of its last try: go-redis repeats commands below its hooks.
type recorder struct {
	world *world
	host  *host
	who   string
}

// DialHook changes nothing.
func (recorder) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook enters a command once it has ended. Before the script that begins an attempt it tells
// the host, which may have to freeze there: it is recognised by its title, the first line of
// tasks/outcome/attempt_begin.lua. If that changes, the fault [Stop] has no effect any more.
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

// ProcessPipelineHook enters the commands of a pipeline once it has ended. Attempts are not begun in
// pipelines, so that nothing freezes here.
func (r recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			r.record(cmd)
		}
		return err
	}
}

// longest is how much is shown of a reply and of an argument, in bytes: an event has one line.
const longest = 90

// record enters a command into the history of each imp_uid that it names, or, if it names none, of
// the one in its reply, such as the task that a dequeue returns. Commands that only read are left
// out unless they fail. A reply that could not be read, or was lost, stands there as an error.
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
	for _, arg := range cmd.Args() {
		text, isText := arg.(string)
		if impUID := impUIDIn(text); isText && impUID != "" && seen[impUID] == "" {
			seen[impUID] = text[:min(len(text), longest)]
		}
	}
	if impUID := impUIDIn(result); len(seen) == 0 && impUID != "" {
		seen[impUID] = ""
	}
	// The reply of attempt_begin.lua is printed as "[begun 946684800123456 …": the time of Redis in
	// microseconds. By the bubble's clock that is without the skew.
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

// nameOf returns a command's name, or `script "…"` with the first 45 bytes of a script's title. The
// title is empty at the first call of a script, whose text Redis has not seen yet.
func (r recorder) nameOf(cmd redis.Cmder) string {
	args := cmd.Args()
	if sha, isText := args[min(1, len(args)-1)].(string); isText && cmd.Name() == "evalsha" {
		title := r.world.redis.title(sha)
		return fmt.Sprintf("script %q", title[:min(len(title), longest/2)])
	}
	return cmd.Name()
}
