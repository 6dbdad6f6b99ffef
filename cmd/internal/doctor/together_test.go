package doctor_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/doctor"
)

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// to dials an address, whatever it is told.
func to(addr string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
}

// bySentinels returns what is examined of a Redis that Sentinels name.
func bySentinels(t *testing.T, sentinels *redistest.Sentinels) doctor.Config {
	t.Helper()
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: redistest.MasterName, SentinelAddrs: sentinels.Addrs})
	t.Cleanup(func() { _ = client.Close() })
	c := config(client)
	c.Master, c.Sentinels = redistest.MasterName, make(map[string]*redis.SentinelClient)
	for _, addr := range sentinels.Addrs {
		sentinel := redis.NewSentinelClient(&redis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1})
		t.Cleanup(func() { _ = sentinel.Close() })
		c.Sentinels[addr] = sentinel
	}
	return c
}

func TestSentinels(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t, "--appendonly", "yes")
	redistest.StartReplica(t, master, "--appendonly", "yes")
	sentinels := redistest.StartSentinels(t, master, 3, 1)
	c := bySentinels(t, sentinels)

	found := examine(t, c)
	found.want(t, "sentinel", wanted{doctor.OK, "3 of 3 Sentinels"})
	found.want(t, "replication", wanted{doctor.Warning, "min-replicas-to-write 1"})
	if err := master.Client(t).ConfigSet(t.Context(), "min-replicas-to-write", "1").Err(); err != nil {
		t.Fatal(err)
	}
	found = examine(t, c)
	found.want(t, "replication", wanted{doctor.OK, "1 replica follows"})
	found.quiet(t)

	sentinels.Servers[2].Kill()
	examine(t, c).want(t, "sentinel", wanted{doctor.Warning, "2 of 3"})
	sentinels.Servers[1].Kill()
	found = examineUntil(t, c, "sentinel", "no failover is possible")
	found.want(t, "sentinel", wanted{doctor.Warning, "NOQUORUM"})
	sentinels.Servers[0].Kill()
	c.Reach = func(context.Context) error { return context.DeadlineExceeded } // nobody says where Redis is
	found = examine(t, c)
	found.want(t, "sentinel", wanted{doctor.Failure, "no Sentinel answers"})
	found.want(t, "reach", wanted{doctor.Failure, "deadline"})
}

// examineUntil examines until a finding says something.
func examineUntil(t *testing.T, c doctor.Config, check, text string) findings {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		found := examine(t, c)
		if strings.Contains(found[check].Found, text) {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never says %q: %+v", check, text, found[check])
		}
	}
}

func TestClusterThatLosesAMaster(t *testing.T) {
	t.Parallel()
	masters := redistest.StartMasters(t, 3, "--appendonly", "yes")
	addrs := make([]string, len(masters))
	for i, master := range masters {
		addrs[i] = master.Addr
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs})
	defer client.Close()

	c, nodes := config(client), make(map[string]int)
	for f := range doctor.Examine(t.Context(), c) {
		nodes[f.Node]++
	}
	for _, master := range masters {
		if nodes[master.Addr] < 8 {
			t.Errorf("%d findings on %s", nodes[master.Addr], master.Addr)
		}
	}
	found := examine(t, c)
	found.want(t, "cluster", wanted{doctor.OK, "16384 of 16384 slots served by 3 masters"})
	found.want(t, "replication", wanted{doctor.Warning, "nobody takes over"})
	found.quiet(t, "replication")

	masters[2].Kill()
	found = examineUntil(t, c, "cluster", "the cluster is fail")
	found.want(t, "cluster", wanted{doctor.Failure, "bring the missing nodes back"})
	found.want(t, "reach", wanted{doctor.Failure, "does not answer"})
}
