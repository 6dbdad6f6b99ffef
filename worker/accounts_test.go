package worker_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/account"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// newAccount is [newBench] for an account of its own, in a namespace of its own.
func newAccount(t *testing.T, client redis.UniversalClient, name string) *bench {
	t.Helper()
	b := newBench(t, client, iamporttest.Config{Key: "key-of-" + name})
	b.key = iamport.Secret("key-of-" + name)
	b.outcomes = outcome.NewStore(client, outcome.Config{Namespace: name})
	return b
}

// known makes the account the namespace's, as its first worker does.
func (b *bench) known(t *testing.T) {
	t.Helper()
	api, err := iamport.NewClient(iamport.Config{URL: b.url, Key: b.key, Secret: b.secret})
	if err != nil {
		t.Fatal(err)
	}
	keeper := account.Keeper{
		Store: account.NewStore(b.client, b.outcomes.Namespace()), API: api,
		Log: slog.New(slog.DiscardHandler), Complain: func(err error) { t.Log(err) },
	}
	if err := keeper.Admit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// receipts returns receipts of both gateways that are issued at PortOne, under the
// imp_uids that every other account has, too.
func (b *bench) receipts(count int, prefix string) (all []tasks.Revocation) {
	for i, pg := range []tasks.Gateway{tasks.KCP, tasks.Nice} {
		for n := range count {
			r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%s%d_%d", prefix, i, n), PG: pg}
			b.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: pg})
			all = append(all, r)
		}
	}
	return all
}

// Two accounts share a Redis, and have requests for the same imp_uids. Each is asked for
// its own, and a gateway that is down for one, a pause and a cancel are that one's alone.
func TestNothingCrossesBetweenAccounts(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const count = 20
		acme, other := newAccount(t, client, "acme"), newAccount(t, client, "receipt")
		few := func(c *worker.Config) { c.Gate.Receipts = 10 }
		acme.start(t, longDelays, few)
		other.start(t, longDelays, few)
		acme.portone.SetOutage(tasks.KCP, true)
		both := make(map[*bench][]tasks.Revocation)
		for _, b := range []*bench{acme, other} {
			both[b] = b.receipts(count, "")
			b.enqueue(t, both[b]...)
		}
		eventually(t, "the gate of acme's gateway closes", func() bool { return acme.closed(t, gate.Of(tasks.KCP)) })
		for _, r := range both[other] {
			other.await(t, r.ImpUID, terminal)
		}
		if other.closed(t, gate.Of(tasks.KCP)) {
			t.Error("acme's gateway closed the gate of the other account")
		}

		// What waits behind acme's gate is cancelled; the other account asks for the same anew.
		later := other.receipts(count, "later")
		acme.receipts(count, "later")
		acme.enqueue(t, later...)
		var impUIDs []string
		for _, r := range later {
			impUIDs = append(impUIDs, r.ImpUID)
		}
		if _, err := acme.outcomes.Cancel(t.Context(), impUIDs, false); err != nil {
			t.Fatal(err)
		}
		other.enqueue(t, later...)
		acme.portone.SetOutage(tasks.KCP, false)
		for _, r := range append(both[other], later...) {
			if o := other.await(t, r.ImpUID, terminal); o.Status != outcome.Revoked || o.Attempts != 1 {
				t.Errorf("the other account's %s: %+v", r.ImpUID, o)
			}
		}
		for _, r := range both[acme] {
			if o := acme.await(t, r.ImpUID, terminal); o.Status != outcome.Revoked {
				t.Errorf("acme's %s: %+v", r.ImpUID, o)
			}
		}
		for _, r := range later {
			if o := acme.await(t, r.ImpUID, terminal); o.Status == outcome.Dead && o.Reason != outcome.ReasonWithdrawn {
				t.Errorf("acme's %s was cancelled: %+v", r.ImpUID, o)
			}
		}
		names, err := asynqkeys.Ours(t.Context(), client, "acme")
		if len(names) == 0 || err != nil {
			t.Errorf("acme has no queues: %v", err)
		}
		for _, name := range names {
			if q, _ := tasks.ParseQueue(name); q.Namespace != "acme" {
				t.Errorf("%s is taken for acme's", name)
			}
		}
	})
}

func TestWorkerOfAnotherAccountDoesNotStart(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		other := newBench(t, client, iamporttest.Config{Key: "another-key"})
		other.key = "another-key"
		b.start(t)
		known := func(field string) func() bool {
			return func() bool { return client.HExists(t.Context(), "{receipt}:account", field).Val() }
		}
		eventually(t, "the worker's account is known", known("current"))
		if err := other.worker(t).Run(t.Context()); !errors.Is(err, account.ErrOther) {
			t.Errorf("another account's worker: got %v", err)
		}
		other.start(t, func(c *worker.Config) { c.AcceptAccount = true })
		eventually(t, "the new account is known", known("previous"))
		b.start(t) // as in a rollout that goes on, or back
		for key, value := range client.HGetAll(t.Context(), "{receipt}:account").Val() {
			if value == iamporttest.DefaultKey || value == "another-key" {
				t.Errorf("%s holds an account's key", key)
			}
		}
	})
}

// states counts the workers as one who has not asked before finds them.
func states(t *testing.T, client redis.UniversalClient) asynqkeys.Count {
	t.Helper()
	found, err := asynqkeys.NewWorkers(client, "receipt").List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return asynqkeys.CountOf(found)
}

// PortOne gives no token at first, to workers of two accounts in one namespace: neither
// takes a task before the namespace is one's.
func TestNoTaskIsTakenBeforeAnAccountIsKnown(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const refused = "no task is taken before PortOne accepts the account"
		var benches [2]*bench
		var fronts [2]*front
		var ended [2]chan error
		var workers [2]*worker.Worker
		for i := range benches {
			key := fmt.Sprintf("key-%d", i)
			b := newBench(t, client, iamporttest.Config{Key: key})
			b.key, fronts[i], ended[i] = iamport.Secret(key), &front{portone: b.portone}, make(chan error, 1)
			fronts[i].mode.Store("credentials")
			listener, _ := serveAt(t, "127.0.0.1:0", fronts[i])
			b.url, benches[i] = "http://"+listener, b
			workers[i] = b.worker(t)
			if err := workers[i].Ready(t.Context()); err == nil {
				t.Error("it is ready before it runs")
			}
		}
		ours := benches[0].receipts(10, "")
		benches[0].enqueue(t, ours...)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		t.Cleanup(func() { cancel(); running.Wait() })
		for i, w := range workers {
			running.Go(func() { ended[i] <- w.Run(ctx) })
			eventually(t, "it waits for PortOne", func() bool {
				err := w.Ready(t.Context())
				return err != nil && strings.Contains(err.Error(), refused)
			})
			if err := w.Alive(); err != nil {
				t.Errorf("it is taken for dead: %v", err)
			}
		}
		eventually(t, "Redis tells that a worker waits", func() bool {
			return states(t, client) == asynqkeys.Count{Waiting: 1} // both have one PID
		})
		for _, r := range ours {
			if o, err := benches[0].outcomes.Get(ctx, r.ImpUID); err != nil || o.Status != outcome.Queued || o.Attempts != 0 {
				t.Errorf("while both wait: %+v, %v", o, err)
			}
		}
		fronts[0].mode.Store("")
		for _, r := range ours {
			if o := benches[0].await(t, r.ImpUID, terminal); o.Reason != outcome.ReasonRevoked || o.Attempts != 1 {
				t.Errorf("got %+v", o)
			}
		}
		eventually(t, "Redis tells that a worker serves", func() bool {
			return states(t, client) == asynqkeys.Count{Serving: 1}
		})
		fronts[1].mode.Store("")
		if err := <-ended[1]; !errors.Is(err, account.ErrOther) {
			t.Errorf("the worker of the other account ended with %v", err)
		}
		if err := workers[0].Ready(ctx); err != nil {
			t.Errorf("the worker of the account: %v", err)
		}
	})
}

// Redis is emptied, and a worker of another account starts again and again.
func TestNamespaceStaysItsAccountsWhereRedisIsEmptied(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b, other := newBench(t, client, iamporttest.Config{}), newBench(t, client, iamporttest.Config{Key: "another-key"})
		other.key = "another-key"
		b.start(t)
		current := func() string { return client.HGet(t.Context(), "{receipt}:account", "current").Val() }
		eventually(t, "its account is known", func() bool { return current() != "" })
		before := current()
		for range 3 {
			client.FlushDB(t.Context())
			eventually(t, "its account is written again", func() bool { return current() == before })
			if err := other.worker(t).Run(t.Context()); !errors.Is(err, account.ErrOther) {
				t.Errorf("the worker of another account ended with %v", err)
			}
		}
		ours := b.receipts(5, "")
		b.enqueue(t, ours...)
		for _, r := range ours {
			if o := b.await(t, r.ImpUID, terminal); o.Status != outcome.Revoked {
				t.Errorf("got %+v", o)
			}
		}
	})
}

// A Redis that was emptied knows no account, and takes the first that comes. The worker
// of another one stops.
func TestWorkerStopsWhereTheNamespaceBecomesAnotherAccounts(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		b := newBench(t, client, iamporttest.Config{})
		ended := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		go func() { ended <- b.worker(t).Run(ctx) }()
		eventually(t, "its account is known", func() bool { return client.HExists(ctx, "{receipt}:account", "current").Val() })
		client.HSet(ctx, "{receipt}:account", "current", "another")
		if err := <-ended; !errors.Is(err, account.ErrOther) {
			t.Errorf("it ended with %v", err)
		}
	})
}
