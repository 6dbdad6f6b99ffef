package metrics

import (
	"cmp"
	"context"
	"net"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

// otherError is the kind of errors that have none of their own: a connection that was cut, a timeout.
const otherError = "other"

// newRedisErrors returns a counter with a series for each kind of fault.
func newRedisErrors() *prometheus.CounterVec {
	errors := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "revoker_redis_errors_total",
		Help: "Commands that Redis refused after all tries: noperm, oom, misconf, readonly or other.",
	}, []string{"kind"})
	errors.WithLabelValues(otherError)
	for _, kind := range kinds {
		errors.WithLabelValues(kind)
	}
	return errors
}

// kinds are the faults that have a kind of their own. Each has another remedy, see [redisfault.Advice].
var kinds = map[redisfault.Fault]string{
	redisfault.NoPerm: "noperm", redisfault.OOM: "oom", redisfault.Misconf: "misconf", redisfault.ReadOnly: "readonly",
}

// kindOf returns the kind of the fault for which Redis did not carry a command out.
func kindOf(err error) string { return cmp.Or(kinds[redisfault.Of(err)], otherError) }

// hook counts the commands that fail after all tries of the client, by kind. go-redis calls a hook once
// for a command, however often it repeats it.
type hook struct{ errors *prometheus.CounterVec }

func (h hook) count(err error) { h.errors.WithLabelValues(kindOf(err)).Inc() }

// DialHook changes nothing: the command that needs the connection is counted.
func (hook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook counts a command.
func (h hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if redisfault.Failed(err) && !greeting(cmd) {
			h.count(err)
		}
		return err
	}
}

// ProcessPipelineHook counts a pipeline once, however many of its commands failed: most of them fail
// for one reason.
func (h hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if redisfault.Failed(err) && !(len(cmds) > 0 && greeting(cmds[0])) {
			h.count(err)
		}
		return err
	}
}

// greeting reports whether a command is one of those with which the client opens a connection. An older
// Redis does not know all of them, which does no harm; where one does harm, the command that needs the
// connection fails as well.
func greeting(cmd redis.Cmder) bool {
	return slices.Contains([]string{"client", "hello"}, strings.ToLower(cmd.Name()))
}
