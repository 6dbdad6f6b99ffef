package redishealth_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/worker/redishealth"
)

var (
	errTimeout = errors.New("i/o timeout")
	errMissing = reply("NOSCRIPT No matching script.")
	errDamaged = reply("WRONGTYPE Operation against a key holding the wrong kind of value")
	errTrial   = reply("ERR value is not an integer or out of range")
	errNoShard = reply("CLUSTERDOWN The cluster is down")
)

// reply is an error that Redis answers.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// command is one of the worker's, how long it takes, and how it ends.
type command struct {
	args []any
	took time.Duration
	err  error
}

var (
	heartbeat = command{args: []any{"evalsha", "short", 1, "{receipt}:heartbeat"}}
	begin     = command{args: []any{"eval", "return 1", 1, "{receipt}:imp_1"}, took: 12 * time.Second, err: errTimeout}
)

// A worker whose small commands are carried out, and whose large ones are not, does nothing,
// and must not be called ready.
func TestStalledNamesWhatFails(t *testing.T) {
	t.Parallel()
	const stalls = "none of its eval of {receipt} was carried out for 12s: i/o timeout"
	quick, fails := begin, command{args: []any{"evalsha", "sha", 2, "asynq:{receipts-settle}:pending"}, took: 4 * time.Second, err: errTimeout}
	quick.took, quick.err = 0, nil
	damaged, unloaded, gaveUp, late, tried, gone := begin, begin, begin, begin, begin, begin
	tried.err, gone.err = errTrial, errNoShard
	late.args = []any{"evalsha", "long", 1, "{receipt}:imp_1"}
	damaged.err, unloaded.err, gaveUp.err = errDamaged, errMissing, context.Canceled
	for name, test := range map[string]struct {
		commands []command
		after    time.Duration
		want     string
	}{
		"nothing":                          {},
		"large commands":                   {commands: []command{heartbeat, begin, heartbeat}, want: stalls},
		"until one is carried out":         {commands: []command{begin, quick}},
		"a long script among short ones":   {commands: []command{late, heartbeat, late}, want: "none of its evalsha of {receipt} was carried out for 24s: i/o timeout"},
		"a failover":                       {commands: []command{fails, fails}},
		"a queue on a part that is gone":   {commands: []command{fails, quick, fails, fails}, want: "none of its evalsha of {receipts-settle} was carried out for 12s: i/o timeout"},
		"nothing asks for it any more":     {commands: []command{begin}, after: time.Minute},
		"once more, long afterwards":       {commands: []command{fails, {args: quick.args, took: time.Hour}, fails}},
		"a part of the cluster is gone":    {commands: []command{gone}, want: "none of its eval of {receipt} was carried out for 12s: CLUSTERDOWN The cluster is down"},
		"a key that is damaged":            {commands: []command{damaged}},
		"a trial of what the user may do":  {commands: []command{tried}},
		"a script that Redis has not seen": {commands: []command{unloaded}},
		"a caller that has gone":           {commands: []command{gaveUp}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stalled := redishealth.NewStalled()
				for _, c := range test.commands {
					run := stalled.ProcessHook(func(context.Context, redis.Cmder) error { time.Sleep(c.took); return c.err })
					if err := run(t.Context(), redis.NewCmd(t.Context(), c.args...)); !errors.Is(err, c.err) {
						t.Errorf("the hook changed %v to %v", c.err, err)
					}
				}
				time.Sleep(test.after)
				if err := stalled.Err(); (err == nil) != (test.want == "") || err != nil && err.Error() != test.want {
					t.Errorf("got %v, want %q", err, test.want)
				}
			})
		})
	}
}
