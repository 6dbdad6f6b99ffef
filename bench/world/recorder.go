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
		r.prepare(cmd)
		err := next(ctx, cmd)
		r.record(cmd)
		return err
	}
}

// ProcessPipelineHook enters the commands of a pipeline once it has ended.
func (r recorder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			r.prepare(cmd)
		}
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			r.record(cmd)
		}
		return err
	}
}

// prepare tells the host of a script that begins attempts before it is sent.
func (r recorder) prepare(cmd redis.Cmder) {
	if strings.HasPrefix(r.nameOf(cmd), `script "Begins attempts`) {
		r.host.begin()
	}
}

// longest is how much is shown of a reply and of an argument, in bytes: an event has one line.
const longest = 90

// record enters a command into the history of each imp_uid that it names, or, if it names none, of
// those in its reply, such as the tasks that a dequeue returns. Commands that only read are left
// out unless they fail. A reply that could not be read, or was lost, stands there as an error.
func (r recorder) record(cmd redis.Cmder) {
	if r.attempts(cmd) {
		return
	}
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
	if len(seen) == 0 {
		for _, impUID := range impUIDs.FindAllString(result, -1) {
			seen[impUID] = ""
		}
	}
	for impUID, text := range seen {
		result = strings.ToValidUTF8(result[:min(len(result), longest)], "")
		r.world.note(impUID, r.who, fmt.Sprintf("%s %s: %q", r.nameOf(cmd), text, result))
	}
}

// attempts enters a script that begins or finishes attempts into the history of each of them, and reports whether it is
// one that was carried out.
func (r recorder) attempts(cmd redis.Cmder) bool {
	args, name := cmd.Args(), r.nameOf(cmd)
	c, isCmd := cmd.(*redis.Cmd)
	if !isCmd || cmd.Err() != nil || !strings.HasPrefix(name, `script "Begins attempts`) &&
		!strings.HasPrefix(name, `script "Finishes attempts`) {
		return false
	}
	replies, _ := c.Slice()
	for at := 5; len(replies) > 0; replies = replies[1:] { // behind the key and what attempts have in common
		count, _ := args[at].(int)
		impUID, result := "", fmt.Sprint(replies[0])
		for _, arg := range args[at+1 : at+1+count] {
			if text, isText := arg.(string); isText && impUID == "" {
				impUID = impUIDIn(text)
			}
		}
		at += 1 + count
		// The reply of attempt_begin.lua is printed as "[begun 946684800123456 …": the time of Redis in
		// microseconds. By the bubble's clock that is without the skew.
		if rest, begun := strings.CutPrefix(result, "[begun "); begun {
			text, _, _ := strings.Cut(rest, " ")
			micros, _ := strconv.ParseInt(text, 10, 64)
			r.world.lookout.begins(impUID, r.who, time.UnixMicro(micros).Add(-r.world.scenario.RedisSkew))
		}
		result = strings.ToValidUTF8(result[:min(len(result), longest)], "")
		r.world.note(impUID, r.who, fmt.Sprintf("%s: %q", name, result))
	}
	return true
}

// nameOf returns a command's name, or `script "…"` with the first 45 bytes of a script's title.
func (r recorder) nameOf(cmd redis.Cmder) string {
	args, title := cmd.Args(), ""
	switch text, _ := args[min(1, len(args)-1)].(string); cmd.Name() {
	case "evalsha":
		title = r.world.redis.title(text)
	case "eval": // Redis had not seen it
		title = titleOf(text)
	default:
		return cmd.Name()
	}
	return fmt.Sprintf("script %q", title[:min(len(title), longest/2)])
}
