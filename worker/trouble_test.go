package worker_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// troubled is a worker on a Redis behind a proxy, with receipts to revoke.
type troubled struct {
	*bench
	server *redistest.Server
	proxy  *redistest.Proxy
	direct *redis.Client // past the proxy
	all    []tasks.Revocation
}

func newTroubled(t *testing.T) *troubled {
	t.Helper()
	server := redistest.Start(t, "--appendonly", "yes")
	proxy := redistest.NewProxy(t, server.Addr)
	x := &troubled{
		server: server, proxy: proxy, direct: server.Client(t),
		bench: newBench(t, proxy.Client(t), iamporttest.Config{
			Latency: iamporttest.Latency{Median: 50 * time.Millisecond},
			Faults:  []iamporttest.Rule{{Fault: iamporttest.GatewayFailed, Percent: 10, Times: 2}},
		}),
	}
	for i := range scale.Of(100, 400) {
		x.all = append(x.all, tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", i), PG: tasks.KCP})
		x.portone.Issue(iamporttest.Receipt{ImpUID: x.all[i].ImpUID, PG: tasks.KCP})
	}
	x.enqueue(t, x.all...)
	return x
}

// check waits until all is revoked, and sees to it that each receipt was
// revoked once and is told on the stream.
func (x *troubled) check(t *testing.T) {
	t.Helper()
	for _, r := range x.all {
		if o := x.await(t, r.ImpUID, terminal); o.Status != outcome.Revoked {
			t.Errorf("%s is %s: %s %s", r.ImpUID, o.Status, o.Reason, o.Message)
		}
	}
	told := make(map[string]bool)
	for event, err := range x.outcomes.Events(context.WithoutCancel(t.Context()), "0") {
		if err != nil {
			t.Fatal(err)
		}
		told[event.Outcome.ImpUID] = true
	}
	for truth := range x.portone.Truths() {
		if truth.Effective != 1 || !told[truth.ImpUID] {
			t.Errorf("%s was revoked %d times; on the stream: %t", truth.ImpUID, truth.Effective, told[truth.ImpUID])
		}
	}
}

func TestConnectionsAreResetOverAndOver(t *testing.T) {
	t.Parallel()
	x := newTroubled(t)
	x.start(t)
	for range 20 {
		time.Sleep(50 * time.Millisecond)
		x.proxy.Reset()
	}
	endLeases(t, x.direct)
	x.check(t)
}

// endLeases ends the leases of tasks of kcp that Asynq took while the reply was lost, as half
// a minute later they end by themselves: at full scale the test waits for that.
func endLeases(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	if scale.Full() {
		return
	}
	key := func(part string) string { return asynqkeys.Key("receipts-kcp", part) }
	eventually(t, "all other tasks have been taken", func() bool {
		return client.Exists(t.Context(), key("pending"), key("retry")).Val() == 0
	})
	for _, id := range client.ZRange(t.Context(), key("lease"), 0, -1).Val() {
		ended := redis.Z{Score: float64(time.Now().Add(-3 * time.Minute).Unix()), Member: id}
		if err := client.ZAddXX(t.Context(), key("lease"), ended).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLinkIsSlow(t *testing.T) {
	t.Parallel()
	x := newTroubled(t)
	x.proxy.Delay(5 * time.Millisecond)
	x.start(t)
	x.check(t)
}

func TestMemoryIsFull(t *testing.T) {
	t.Parallel()
	x := newTroubled(t)
	x.start(t)
	x.await(t, x.all[0].ImpUID, terminal)
	limit := func(bytes string) {
		if err := x.direct.ConfigSet(t.Context(), "maxmemory", bytes).Err(); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	time.Sleep(500 * time.Millisecond) // calls in flight end meanwhile
	limit("0")
	x.check(t)
}

func TestFailoverToAReplica(t *testing.T) {
	t.Parallel()
	x := newTroubled(t)
	replica := redistest.Start(t, "--appendonly", "yes", "--replicaof", "127.0.0.1 "+portOf(x.server.Addr))
	promoted := replica.Client(t)
	eventually(t, "the replica follows", func() bool {
		return promoted.DBSize(t.Context()).Val() == x.direct.DBSize(t.Context()).Val()
	})
	x.start(t)
	x.await(t, x.all[0].ImpUID, terminal)

	// As a good failover does it: no more writes, the replica has all, then it
	// takes over.
	if err := x.direct.Do(t.Context(), "client", "pause", 10_000, "write").Err(); err != nil {
		t.Fatal(err)
	}
	if err := x.direct.Do(t.Context(), "wait", 1, 5000).Err(); err != nil {
		t.Fatal(err)
	}
	if err := promoted.Do(t.Context(), "replicaof", "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	x.proxy.Target(replica.Addr)
	x.proxy.Reset()
	x.server.Kill()
	x.check(t)
}

func TestEverythingIsLost(t *testing.T) {
	t.Parallel()
	x := newTroubled(t)
	x.start(t)
	x.await(t, x.all[0].ImpUID, terminal)
	if err := x.direct.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	x.enqueue(t, x.all...) // who asked asks again
	x.check(t)
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}
