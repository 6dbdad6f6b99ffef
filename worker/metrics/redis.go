package metrics

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// Hook counts the commands that Redis does not carry out. It is for the client
// that the worker is given.
func (m *Metrics) Hook() redis.Hook {
	return hook{func(err error) { m.redisErrors.WithLabelValues(kindOf(err)).Inc() }}
}

// The kinds of errors. All but the last come from a Redis that answers, and do
// not go away by themselves.
const (
	noPermission = "noperm"   // the user of Redis may not do it
	outOfMemory  = "oom"      // its memory is full
	misconfTold  = "misconf"  // it cannot write to its disk
	readOnly     = "readonly" // it is a replica
	otherError   = "other"
)

func newRedisErrors() *prometheus.CounterVec {
	errors := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "revoker_redis_errors_total", Help: "Commands that Redis did not carry out, after all tries, by why not.",
	}, []string{"kind"})
	for _, kind := range []string{noPermission, outOfMemory, misconfTold, readOnly, otherError} {
		errors.WithLabelValues(kind)
	}
	return errors
}

// kindOf tells why Redis did not carry a command out, which it says of a script
// in other words.
func kindOf(err error) string {
	text := err.Error()
	switch {
	case redis.IsPermissionError(err), strings.Contains(text, "The user executing the script can't"),
		strings.Contains(text, "ACL failure in script"):
		return noPermission
	case redis.IsOOMError(err):
		return outOfMemory
	case redis.IsReadOnlyError(err):
		return readOnly
	case strings.HasPrefix(text, "MISCONF "):
		return misconfTold
	}
	return otherError
}

type hook struct{ count func(error) }

// DialHook changes nothing: the command that needs the connection is counted.
func (hook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook counts a command.
func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if failed(err) && !greeting(cmd) {
			h.count(err)
		}
		return err
	}
}

// ProcessPipelineHook counts a pipeline, however many of its commands failed.
func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if failed(err) && !(len(cmds) > 0 && greeting(cmds[0])) {
			h.count(err)
		}
		return err
	}
}

// greeting reports whether a command is one of those with which the client
// opens a connection. An older Redis does not know all of them, which harms
// nobody; where one does, the command that needs the connection fails as well.
func greeting(cmd redis.Cmder) bool {
	return slices.Contains([]string{"client", "hello"}, strings.ToLower(cmd.Name()))
}

// answers are errors by which Redis says what a command found, rather than that
// it could not be carried out: a script that is sent in full thereupon, and a
// task of Asynq's that is gone.
var answers = []string{"NOSCRIPT ", "NOT FOUND", "ERR NOT FOUND"}

func failed(err error) bool {
	if err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled) {
		return false
	}
	for _, answer := range answers {
		if strings.HasPrefix(err.Error(), answer) {
			return false
		}
	}
	return true
}
