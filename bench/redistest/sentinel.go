package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest/redisserver"
)

// MasterName is what [StartSentinels] calls the master: the name in a redis-sentinel URL.
const MasterName = "mymaster"

// Sentinels watch over a master and its replicas, and make a replica the master where that is gone.
type Sentinels struct {
	Addrs   []string
	Servers []*Server
}

// StartReplica starts a redis-server that follows master, and waits until it does. The master knows of
// a replica a moment later than the replica of itself, and both have to: WAIT and min-replicas-to-write
// go by the master's side.
func StartReplica(t testing.TB, master *Server, args ...string) *Server {
	t.Helper()
	host, port, _ := net.SplitHostPort(master.Addr)
	// Without a delay the replica's first copy begins at once; Redis would wait for further replicas,
	// for five seconds.
	replica := Start(t, append([]string{"--replicaof", host + " " + port, "--repl-diskless-sync-delay", "0"}, args...)...)
	_, own, _ := net.SplitHostPort(replica.Addr)
	says := func(client *redis.Client, what string) bool {
		return strings.Contains(client.Info(t.Context(), "replication").Val(), what)
	}
	follower, leader := replica.Client(t), master.Client(t)
	Eventually(t, startTime, "the replica follows, and its master knows", func() bool {
		return says(follower, "master_link_status:up") && says(leader, "port="+own+",state=online")
	})
	return replica
}

// StartSentinels starts n Sentinels, of which most must agree that the master is gone, after a second
// without an answer. It waits until all of them know each other and the given number of replicas:
// before that no failover can happen.
func StartSentinels(t testing.TB, master *Server, n, replicas int) *Sentinels {
	t.Helper()
	host, port, _ := net.SplitHostPort(master.Addr)
	s := &Sentinels{}
	for range n {
		// Each Sentinel writes what it learns into its configuration, so that each has a file of its
		// own.
		own := freePort(t)
		file := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf("port %s\nbind 127.0.0.1\nlogfile %s\n", own, filepath.Join(filepath.Dir(file), "sentinel.log")) +
			fmt.Sprintf("sentinel monitor %s %s %s %d\n", MasterName, host, port, n/2+1) +
			fmt.Sprintf("sentinel down-after-milliseconds %s 1000\nsentinel failover-timeout %[1]s 10000\n", MasterName)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sentinel, err := redisserver.Run(t.Context(), "127.0.0.1:"+own, file, "--sentinel")
		server := started(t, sentinel, err)
		s.Addrs, s.Servers = append(s.Addrs, server.Addr), append(s.Servers, server)
	}
	for _, addr := range s.Addrs {
		client := redis.NewSentinelClient(&redis.Options{Addr: addr})
		defer client.Close()
		Eventually(t, startTime, "the sentinels know each other", func() bool {
			known := client.Master(t.Context(), MasterName).Val()
			return known["num-other-sentinels"] == fmt.Sprint(n-1) && known["num-slaves"] == fmt.Sprint(replicas)
		})
	}
	return s
}

// Master returns the address of the server that the first Sentinel takes for the master. After a
// failover it is another one.
func (s *Sentinels) Master(t testing.TB) string {
	t.Helper()
	client := redis.NewSentinelClient(&redis.Options{Addr: s.Addrs[0]})
	defer client.Close()
	host, err := client.GetMasterAddrByName(t.Context(), MasterName).Result()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(host[0], host[1])
}

// URL returns the Sentinels' addresses as one Redis URL.
func (s *Sentinels) URL() string {
	return "redis-sentinel://" + strings.Join(s.Addrs, ",") + "/0?master=" + MasterName
}
