package redistest

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// slots is how many hash slots a Redis Cluster has: a constant of its protocol, see "Redis cluster
// specification".
const slots = 16384

// StartMasters starts a Redis Cluster of n masters, each with its share of the slots, and waits until
// all of them serve. Further arguments are given to each redis-server. No redis-cli is needed: the
// commands are those that its --cluster create sends.
func StartMasters(t testing.TB, n int, args ...string) []*Server {
	t.Helper()
	masters := make([]*Server, n)
	for i := range masters {
		masters[i] = Start(t, append([]string{
			"--cluster-enabled", "yes", "--cluster-port", freePort(t), "--cluster-node-timeout", "5000",
		}, args...)...)
	}
	first := masters[0].Client(t)
	for i, master := range masters {
		node := master.Client(t)
		if err := node.ClusterAddSlotsRange(t.Context(), i*slots/n, (i+1)*slots/n-1).Err(); err != nil {
			t.Fatalf("give node %d its slots: %v", i, err)
		}
		// Each master gets a configuration epoch of its own. Nodes with equal ones settle that
		// between them only later.
		if err := node.Do(t.Context(), "cluster", "set-config-epoch", i+1).Err(); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			continue
		}
		host, port, _ := net.SplitHostPort(master.Addr)
		// MEET needs the port of the cluster bus as well: the test chose it, and it is not 10,000 above
		// the other.
		bus := node.ConfigGet(t.Context(), "cluster-port").Val()["cluster-port"]
		if err := first.Do(t.Context(), "cluster", "meet", host, port, bus).Err(); err != nil {
			t.Fatalf("let node 0 meet node %d: %v", i, err)
		}
	}
	for _, master := range masters {
		awaitCluster(t, master.Client(t), n)
	}
	return masters
}

// StartCluster starts a Redis Cluster of one node, which holds all slots and refuses a command or a
// script that touches more than one of them at a time: so tests find keys that lack the braces of
// README. It returns a client of it, closed with the test.
func StartCluster(t testing.TB) *redis.ClusterClient {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{StartMasters(t, 1)[0].Addr}})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// awaitCluster waits until a node knows all others and all slots are served. Before that a node answers
// CLUSTERDOWN.
func awaitCluster(t testing.TB, node *redis.Client, n int) {
	t.Helper()
	Eventually(t, startTime, "the cluster is whole", func() bool {
		info := node.ClusterInfo(t.Context()).Val()
		return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_size:"+strconv.Itoa(n)+"\r")
	})
}

// ClusterURL returns the servers' addresses as one Redis URL, as --redis takes it.
func ClusterURL(servers []*Server) string {
	addrs := make([]string, len(servers))
	for i, s := range servers {
		addrs[i] = s.Addr
	}
	return "redis-cluster://" + strings.Join(addrs, ",")
}
