package worker_test

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// As Sentinel does with an old master: what a call found is written afterwards.
func TestRedisIsReadOnlyDuringACall(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*redistest.Server, testing.TB) *redis.Client{
		"in its own words": (*redistest.Server).Client, "in those of 6.2": (*redistest.Server).Client62,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, server *redistest.Server) {
				admin, called := server.Client(t), make(chan error, 10)
				b := newBench(t, connect(server, t), iamporttest.Config{OnCall: func(call iamporttest.Call) {
					if call.Operation == iamporttest.OpRevoke {
						called <- admin.Do(context.WithoutCancel(t.Context()), "replicaof", "127.0.0.1", "1").Err()
					}
				}})
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.Settle})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.Settle})
				b.start(t, longDelays)
				if err := <-called; err != nil {
					t.Fatal(err)
				}
				time.Sleep(3 * time.Second)
				if err := admin.Do(t.Context(), "replicaof", "no", "one").Err(); err != nil {
					t.Fatal(err)
				}
				b.wantRevokedOnce(t)
				if admin.Exists(t.Context(), "{receipt}:lossy").Val() == 1 {
					t.Error("Redis is said to have lost something")
				}
			})
		})
	}
}

// longDelays puts off for half an hour what is not tried again at once.
func longDelays(config *worker.Config) { config.Schedule = backoff.Schedule{} }

// wantRevokedOnce waits until one is revoked, and sees that its first call did it.
func (b *bench) wantRevokedOnce(t *testing.T) {
	t.Helper()
	if o := b.await(t, one, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 1 {
		t.Errorf("got %s %s after %d attempts, want it revoked by the first", o.Status, o.Reason, o.Attempts)
	}
	if truth, _ := b.portone.Truth(one); truth.Deletes != 1 {
		t.Errorf("%d DELETE calls, want 1", truth.Deletes)
	}
}

// said is what a Redis says.
type said string

func (s said) Error() string { return string(s) }
func (said) RedisError()     {}

// refusing is a Redis that refuses to begin and finish attempts on one.
type refusing struct {
	why     said
	refuses func() bool
}

func (r *refusing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if r.refused(cmd) {
			return r.why
		}
		return next(ctx, cmd)
	}
}

// refused reports whether it refuses a command, which says so then.
func (r *refusing) refused(cmd redis.Cmder) bool {
	args := cmd.Args()
	hash, _ := args[min(1, len(args)-1)].(string)
	refused := slices.Contains(outcome.AttemptScripts(), hash) && slices.Contains(args, any(one)) && r.refuses()
	if refused {
		cmd.SetErr(r.why)
	}
	return refused
}

func (*refusing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *refusing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		allowed := slices.DeleteFunc(slices.Clone(cmds), r.refused)
		if len(allowed) == 0 {
			return r.why
		}
		return next(ctx, allowed)
	}
}

// What Redis refuses for a while is done afterwards, and no call is made twice.
func TestRedisRefusesForAWhile(t *testing.T) {
	t.Parallel()
	const in62, at197 = "ERR Error running script (call to f_2067d915): @user_script:197: ", "@user_script: 197: -"
	for name, why := range map[string]said{
		"READONLY":      "READONLY You can't write against a read only replica. script: 2067d915, on @user_script:197.",
		"READONLY, 6.2": in62 + at197 + "READONLY You can't write against a read only replica. ",
		"OOM, 6.2":      in62 + at197 + "OOM command not allowed when used memory > 'maxmemory'. ",
		"MISCONF, 6.2":  in62 + at197 + "MISCONF Redis is configured to save RDB snapshots, but ",
		"NOPERM, 6.2":   in62 + "@user_script: 197: The user executing the script can't run this command or subcommand",
		"NOPERM":        "ERR The user executing the script can't run this command script: 2067d915, on @user_script:197.",
		"BUSY":          "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
		"LOADING":       "LOADING Redis is loading the dataset in memory",
		"CLUSTERDOWN":   "CLUSTERDOWN The cluster is down",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redistest.Embedded(t)
			var asked atomic.Int64
			client.AddHook(&refusing{why: why, refuses: func() bool { return asked.Add(1)%3 != 0 }}) // to begin, and to end
			b := newBench(t, client, iamporttest.Config{})
			b.portone.Issue(iamporttest.Receipt{ImpUID: one})
			b.enqueue(t, tasks.Revocation{ImpUID: one})
			b.start(t, longDelays)
			b.wantRevokedOnce(t)
			if n := asked.Load(); n != 6 {
				t.Errorf("asked %d times, want 6", n)
			}
		})
	}
}

// Corrupt values hold up a finding that says revoked, and nothing else does.
func TestRevokedIsWrittenOnceTheValuesAreMended(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	var called atomic.Bool
	var asked atomic.Int64
	client.AddHook(&refusing{
		why:     "ERR user_script:23: attempt to compare nil with number script: 2067d915, on @user_script:23.",
		refuses: func() bool { return called.Load() && asked.Add(1) <= 3 },
	})
	b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
		if call.Operation == iamporttest.OpRevoke {
			called.Store(true)
		}
	}})
	b.portone.Issue(iamporttest.Receipt{ImpUID: one})
	b.enqueue(t, tasks.Revocation{ImpUID: one})
	b.start(t, longDelays)
	b.wantRevokedOnce(t)
}

// A key of another type holds no slot: that is for a person to mend.
func TestRevokedIsPutOffWhereTheKeyIsOfAnotherType(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, server *redistest.Server) {
		for name, connect := range map[string]func(testing.TB) *redis.Client{"own": server.Client, "6.2": server.Client62} {
			client, key := connect(t), "{receipt}:outcome:"+one
			client.FlushAll(t.Context())
			b := newBench(t, client, iamporttest.Config{OnCall: func(call iamporttest.Call) {
				if call.Operation == iamporttest.OpRevoke {
					client.Set(context.WithoutCancel(t.Context()), key, "x", 0)
				}
			}})
			b.portone.Issue(iamporttest.Receipt{ImpUID: one})
			b.enqueue(t, tasks.Revocation{ImpUID: one})
			var log lines
			stop := b.start(t, longDelays, func(config *worker.Config) { config.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
			eventually(t, "its task waits, in the words of "+name, func() bool {
				return client.ZCard(t.Context(), "asynq:{receipts}:retry").Val() == 1
			})
			if log.count("outcome not written: mend its keys in Redis") != 1 {
				t.Error("nobody is told to mend the key")
			}
			stop()
		}
	})
}
