package worker_test

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/iamport/iamporttest"
)

// unreadable lets every lookup of one fail with 502, and its DELETE calls as given.
func unreadable(deletes ...iamporttest.Rule) iamporttest.Config {
	lookups := iamporttest.Rule{ImpUID: one, Fault: iamporttest.BadGateway, Lookup: true}
	return iamporttest.Config{Faults: append(deletes, lookups)}
}

func TestGatewayWithoutLookupsIsNotAskedForEver(t *testing.T) {
	t.Parallel()
	failed := iamporttest.Rule{ImpUID: one, Fault: iamporttest.GatewayFailed}
	cut := iamporttest.Rule{ImpUID: one, Fault: iamporttest.CutAfter, Times: 1}
	tests := map[string]struct {
		pg      tasks.Gateway
		portone iamporttest.Config
		reason  outcome.Reason
	}{
		"unsupported": {tasks.KICC, unreadable(), outcome.ReasonUnsupportedGateway},
		"exhausted":   {tasks.Settle, unreadable(failed), outcome.ReasonAttemptsExhausted},
		"unconfirmed": {tasks.Settle, unreadable(cut, failed), outcome.ReasonUnconfirmed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, test.portone)
				b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: test.pg})
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: test.pg})
				b.start(t)
				if o := b.await(t, one, terminal); o.Status != outcome.Dead || o.Reason != test.reason {
					t.Errorf("got %s %s, want dead %s", o.Status, o.Reason, test.reason)
				}
			})
		})
	}
}

// Where lookups should work, they are tried again, but not without end.
func TestLookupThatNeverWorksEnds(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, unreadable(iamporttest.Rule{ImpUID: one, Fault: iamporttest.GatewayFailed}))
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP})
		stop := b.start(t)
		eventually(t, "it is looked up again and again", func() bool {
			return b.portone.Stats().Calls[iamporttest.OpLookup][502] > 20
		})
		stop()
		if o := b.await(t, one, func(outcome.Outcome) bool { return true }); o.Status != outcome.Retrying || o.Attempts != 4 {
			t.Fatalf("got %s after %d attempts, want it open after 4", o.Status, o.Attempts)
		}
		key, ago := "{receipt}:outcome:"+one, time.Now().Add(-13*time.Hour).UnixMilli()
		if asked := client.HGet(t.Context(), key, "asked_since").Val(); asked == "" {
			t.Error("it is not kept since when it is looked up")
		}
		if err := client.HSet(t.Context(), key, "asked_since", ago).Err(); err != nil {
			t.Fatal(err)
		}
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonAttemptsExhausted || o.Attempts != 4 {
			t.Errorf("got %s %s after %d attempts, want it exhausted after 4", o.Status, o.Reason, o.Attempts)
		}
	})
}

// PortOne goes on with what was cut off: a lookup at once would miss it.
func TestLastDeleteTakesEffectAfterItsConnectionWasCut(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Faults: []iamporttest.Rule{
			{ImpUID: one, Fault: iamporttest.CutBefore, Times: 1}, // PortOne revokes it later
		}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		b.enqueue(t, tasks.Revocation{ImpUID: one})
		stop := b.start(t, func(config *worker.Config) {
			config.Schedule = backoff.Schedule{Attempts: 1, Base: time.Hour, Max: time.Hour}
		})
		o := b.await(t, one, func(o outcome.Outcome) bool { return o.Reason != "" })
		if o.Status != outcome.Retrying || o.Attempts != 1 {
			t.Fatalf("got %s %s after %d attempts, want it open after 1", o.Status, o.Reason, o.Attempts)
		}
		stop()
		b.revoke(t, one)
		if err := asynq.NewInspectorFromRedisClient(client).RunTask("receipts", tasks.TaskID(one)); err != nil {
			t.Fatal(err)
		}
		b.start(t, func(config *worker.Config) { config.Schedule.Attempts = 1 })
		o = b.await(t, one, terminal)
		if o.Status != outcome.Revoked || o.Reason != outcome.ReasonAlreadyRevoked || o.Attempts != 1 {
			t.Errorf("got %s %s after %d attempts, want it found revoked after 1", o.Status, o.Reason, o.Attempts)
		}
		if truth, _ := b.portone.Truth(one); truth.Deletes != 2 { // the worker's, and what took effect late
			t.Errorf("%d DELETE calls, want 2", truth.Deletes)
		}
	})
}
