package worker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

const one = "imp_000000000001"

func TestEveryAnswerEndsAsTheTableSays(t *testing.T) {
	t.Parallel()
	rule := func(fault iamporttest.Fault, times int) iamporttest.Rule {
		return iamporttest.Rule{ImpUID: one, Fault: fault, Times: times, Delay: 5 * time.Second}
	}
	unread := func(times int) iamporttest.Rule {
		return iamporttest.Rule{ImpUID: one, Fault: iamporttest.BadGateway, Times: times, Lookup: true}
	}
	tests := map[string]struct {
		rules    []iamporttest.Rule
		unissued bool
		pg       tasks.Gateway
		already  int
		status   outcome.Status
		reason   outcome.Reason
		attempts int
		deletes  int // calls, whether or not they count
	}{
		"revoked at once":                  {status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 1, deletes: 1},
		"success without a description":    {rules: []iamporttest.Rule{rule(iamporttest.NoResponse, 1)}, status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 1, deletes: 1},
		"never issued":                     {unissued: true, status: outcome.Dead, reason: outcome.ReasonNotIssued, attempts: 1, deletes: 1},
		"gateway unsupported":              {pg: tasks.KICC, status: outcome.Dead, reason: outcome.ReasonUnsupportedGateway, attempts: 1, deletes: 1},
		"refused with a code":              {rules: []iamporttest.Rule{rule(iamporttest.RefusedCode, 0)}, status: outcome.Dead, reason: outcome.ReasonRefused, attempts: 1, deletes: 1},
		"not found":                        {rules: []iamporttest.Rule{rule(iamporttest.NotFound, 0)}, status: outcome.Dead, reason: outcome.ReasonRefused, attempts: 1, deletes: 1},
		"gateway failed twice":             {rules: []iamporttest.Rule{rule(iamporttest.GatewayFailed, 2)}, status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 3, deletes: 3},
		"gateway fails for ever":           {rules: []iamporttest.Rule{rule(iamporttest.GatewayFailed, 0)}, status: outcome.Dead, reason: outcome.ReasonAttemptsExhausted, attempts: 4, deletes: 4},
		"proxy failed":                     {rules: []iamporttest.Rule{rule(iamporttest.BadGateway, 1)}, status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 2, deletes: 2},
		"redirected":                       {rules: []iamporttest.Rule{rule(iamporttest.Redirect, 1)}, status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 2, deletes: 2},
		"answer lost":                      {rules: []iamporttest.Rule{rule(iamporttest.CutAfter, 1)}, status: outcome.Revoked, reason: outcome.ReasonAlreadyRevoked, attempts: 1, deletes: 1},
		"answer cut":                       {rules: []iamporttest.Rule{rule(iamporttest.CutBody, 1)}, status: outcome.Revoked, reason: outcome.ReasonAlreadyRevoked, attempts: 1, deletes: 1},
		"answer late":                      {rules: []iamporttest.Rule{rule(iamporttest.SlowAfter, 1)}, status: outcome.Revoked, reason: outcome.ReasonAlreadyRevoked, attempts: 1, deletes: 1},
		"answer endless":                   {rules: []iamporttest.Rule{rule(iamporttest.Endless, 1)}, status: outcome.Revoked, reason: outcome.ReasonAlreadyRevoked, attempts: 1, deletes: 1},
		"answer lost, lookup failed once":  {rules: []iamporttest.Rule{rule(iamporttest.CutAfter, 1), unread(1)}, status: outcome.Revoked, reason: outcome.ReasonAlreadyRevoked, attempts: 1, deletes: 1},
		"answer lost, lookup failed twice": {rules: []iamporttest.Rule{rule(iamporttest.CutAfter, 1), unread(2)}, already: 400, status: outcome.Revoked, reason: outcome.ReasonAlreadyRevoked, attempts: 1, deletes: 1},
		"turned away three times":          {rules: []iamporttest.Rule{rule(iamporttest.TooManyRequests, 3)}, status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 1, deletes: 4},
		"forbidden for a while":            {rules: []iamporttest.Rule{rule(iamporttest.Forbidden, 6)}, status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 1, deletes: 7},
		"token expired":                    {rules: []iamporttest.Rule{rule(iamporttest.ExpireToken, 1)}, status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 1, deletes: 2},
		"token refused for a while":        {rules: []iamporttest.Rule{rule(iamporttest.Unauthorized, 11)}, status: outcome.Revoked, reason: outcome.ReasonRevoked, attempts: 1, deletes: 12},
		"answer lost, nobody can tell":     {rules: []iamporttest.Rule{rule(iamporttest.CutAfter, 1)}, pg: tasks.Settle, status: outcome.Dead, reason: outcome.ReasonUnconfirmed, attempts: 4, deletes: 4},
		"answer lost, nobody can tell 400": {rules: []iamporttest.Rule{rule(iamporttest.CutAfter, 1)}, pg: tasks.Settle, already: 400, status: outcome.Dead, reason: outcome.ReasonUnconfirmed, attempts: 2, deletes: 2},
		"last attempt unseen, revoked":     {rules: []iamporttest.Rule{rule(iamporttest.GatewayFailed, 3), rule(iamporttest.CutAfter, 1)}, status: outcome.Revoked, reason: outcome.ReasonAlreadyRevoked, attempts: 4, deletes: 4},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				b := newBench(t, client, iamporttest.Config{Faults: test.rules, AlreadyRevoked: test.already})
				if !test.unissued {
					b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: test.pg})
				}
				b.enqueue(t, tasks.Revocation{ImpUID: one, PG: test.pg})
				b.start(t)
				o := b.await(t, one, terminal)
				if o.Status != test.status || o.Reason != test.reason || o.Attempts != test.attempts {
					t.Errorf("got %s %s after %d attempts, want %s %s after %d",
						o.Status, o.Reason, o.Attempts, test.status, test.reason, test.attempts)
				}
				truth, _ := b.portone.Truth(one)
				if truth.Revoked() != (o.Status == outcome.Revoked) && o.Reason != outcome.ReasonUnconfirmed {
					t.Errorf("reported %s, but revoked at PortOne: %t", o.Status, truth.Revoked())
				}
				if truth.Deletes != test.deletes {
					t.Errorf("%d DELETE calls, want %d", truth.Deletes, test.deletes)
				}
			})
		})
	}
}

func TestUnreadableTaskIsADeadLetterWithoutACall(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		queue := asynq.NewClientFromRedisClient(client)
		for id, task := range map[string]*asynq.Task{
			"cut":        asynq.NewTask(tasks.TypeRevoke, []byte(`{"imp_uid":"imp_1`)),
			"imp_12 34":  asynq.NewTask(tasks.TypeRevoke, []byte(`{"imp_uid":"imp_12 34","pg":"kcp"}`)),
			"other-type": asynq.NewTask("receipt:revoked", []byte(`{}`)),
		} {
			if _, err := queue.EnqueueContext(t.Context(), task, asynq.TaskID(id), asynq.Queue("receipts")); err != nil {
				t.Fatal(err)
			}
		}
		b.start(t)
		for _, id := range []string{"task:cut", "imp_12 34", "task:other-type"} {
			if o := b.await(t, id, terminal); o.Reason != outcome.ReasonInvalidTask || o.Message == "" || o.Attempts != 0 {
				t.Errorf("got %+v, want an invalid task and why", o)
			}
		}
		if calls := b.portone.Stats().Calls[iamporttest.OpRevoke]; len(calls) != 0 {
			t.Errorf("DELETE calls were made: %v", calls)
		}
	})
}

func TestWrongCredentialsBuryNothing(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		b.enqueue(t, tasks.Revocation{ImpUID: one})
		b.known(t)
		b.secret = "wrong"
		stop := b.start(t)
		waits := func(o outcome.Outcome) bool { return o.Reason == outcome.ReasonUnauthorized }
		b.await(t, one, waits)
		asked := b.portone.Stats().Calls[iamporttest.OpToken][401]
		for b.portone.Stats().Calls[iamporttest.OpToken][401] < asked+6 { // more than the attempts allowed
			time.Sleep(time.Millisecond)
		}
		stop()
		if o := b.await(t, one, waits); o.Status != outcome.Retrying || o.Attempts != 0 {
			t.Errorf("got %+v, want no attempt counted", o)
		}
		b.secret = iamporttest.DefaultSecret
		b.start(t)
		if o := b.await(t, one, terminal); o.Status != outcome.Revoked || o.Attempts != 1 {
			t.Errorf("with the right ones: got %+v", o)
		}
	})
}

func TestAskedForInTwoQueuesIsCalledOnce(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{Latency: iamporttest.Latency{Median: 200 * time.Millisecond}})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
		b.enqueue(
			t, tasks.Revocation{ImpUID: one}, tasks.Revocation{ImpUID: one, PG: tasks.KCP},
			tasks.Revocation{ImpUID: one, PG: tasks.KCP, Batch: "b"},
		)
		b.start(t)
		b.await(t, one, terminal)
		inspector := asynq.NewInspectorFromRedisClient(client)
		for _, queue := range []string{"receipts", "receipts-kcp", "receipts-bulk-kcp"} {
			for { // each of the tasks is done, or comes back to find it done
				if _, err := inspector.GetTaskInfo(queue, tasks.TaskID(one)); err != nil {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
		if truth, _ := b.portone.Truth(one); truth.Deletes != 1 {
			t.Errorf("%d DELETE calls, want 1", truth.Deletes)
		}
	})
}

func TestStoppingFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		arrived := make(chan struct{}, 100)
		b := newBench(t, client, iamporttest.Config{
			Latency: iamporttest.Latency{Median: 300 * time.Millisecond},
			OnCall: func(call iamporttest.Call) {
				if call.Operation == iamporttest.OpRevoke {
					arrived <- struct{}{}
				}
			},
		})
		var all []tasks.Revocation
		for i := range 60 { // three times the slots
			r := tasks.Revocation{ImpUID: "imp_" + string(rune('a'+i/26)) + string(rune('a'+i%26))}
			b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID})
			all = append(all, r)
		}
		b.enqueue(t, all...)
		stop := b.start(t)
		for range worker.DefaultConcurrency {
			<-arrived
		}
		stop()

		called := 0
		for truth := range b.portone.Truths() {
			o, err := b.outcomes.Get(t.Context(), truth.ImpUID)
			switch {
			case truth.Deletes == 0 && err == nil && (o.Status != outcome.Queued && o.Status != outcome.Retrying || o.Attempts != 0):
				t.Errorf("%s was not called, but is %s after %d attempts", truth.ImpUID, o.Status, o.Attempts)
			case truth.Deletes > 0 && o.Status != outcome.Revoked:
				t.Errorf("%s was called, but is %q: %v", truth.ImpUID, o.Status, err)
			}
			called += truth.Deletes
		}
		if called < worker.DefaultConcurrency || called == len(all) {
			t.Errorf("%d calls, want those in flight and not all %d", called, len(all))
		}
		b.start(t) // and the rest is not lost
		for _, r := range all {
			if o := b.await(t, r.ImpUID, terminal); o.Status != outcome.Revoked || o.Attempts != 1 {
				t.Errorf("%s: got %s after %d attempts", r.ImpUID, o.Status, o.Attempts)
			}
		}
	})
}

func TestCrashOnTheLastAttemptIsLookedUp(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.portone.Issue(iamporttest.Receipt{ImpUID: one})
		for range 4 { // attempts begun by processes that died
			if _, err := b.outcomes.Begin(t.Context(), tasks.Revocation{ImpUID: one}, time.Nanosecond); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond)
		}
		b.enqueue(t, tasks.Revocation{ImpUID: one})
		b.start(t)
		if o := b.await(t, one, terminal); o.Reason != outcome.ReasonAttemptsExhausted || o.Attempts != 4 {
			t.Errorf("got %+v, want 4 attempts exhausted", o)
		}
		if truth, _ := b.portone.Truth(one); truth.Deletes != 0 || truth.Lookups != 1 {
			t.Errorf("%d DELETE calls and %d lookups, want one lookup", truth.Deletes, truth.Lookups)
		}
	})
}

func TestEveryGatewayIsServed(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		b.start(t) // before any queue exists
		for i, pg := range slices.Concat(tasks.Gateways(), []tasks.Gateway{"", "not_yet_born"}) {
			for _, batch := range []string{"", "b"} {
				impUID := "imp_" + string(rune('a'+i)) + batch
				b.portone.Issue(iamporttest.Receipt{ImpUID: impUID, PG: pg})
				b.enqueue(t, tasks.Revocation{ImpUID: impUID, PG: pg, Batch: batch})
			}
		}
		for truth := range b.portone.Truths() {
			want := outcome.Revoked
			if truth.PG == tasks.KICC {
				want = outcome.Dead
			}
			if o := b.await(t, truth.ImpUID, terminal); o.Status != want || o.PG != truth.PG {
				t.Errorf("%s of %q: got %s of %q, want %s", truth.ImpUID, truth.PG, o.Status, o.PG, want)
			}
		}
	})
}

func TestAClusterServesAsWell(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.StartCluster(t), iamporttest.Config{})
	b.portone.Issue(iamporttest.Receipt{ImpUID: one, PG: tasks.KCP})
	b.enqueue(t, tasks.Revocation{ImpUID: one, PG: tasks.KCP}, tasks.Revocation{ImpUID: "imp_2"})
	b.start(t)
	for impUID, want := range map[string]outcome.Status{one: outcome.Revoked, "imp_2": outcome.Dead} {
		if o := b.await(t, impUID, terminal); o.Status != want {
			t.Errorf("%s: got %s, want %s", impUID, o.Status, want)
		}
	}
	ended := 0
	for _, err := range b.outcomes.Events(t.Context(), "0") {
		if err != nil {
			t.Fatal(err)
		}
		ended++
	}
	if many, err := b.outcomes.Many(t.Context(), []string{one, "imp_2"}); err != nil || len(many) != 2 || ended != 2 {
		t.Errorf("%d outcomes, %v; %d events; want 2 of each", len(many), err, ended)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := worker.New(worker.Config{}); err == nil {
		t.Error("a worker without anything was made")
	}
}
