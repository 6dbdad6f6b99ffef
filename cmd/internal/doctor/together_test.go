package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/doctor"
)

func TestMasterThatConfirmsWhatAFailoverLoses(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t, "--appendonly", "yes")
	redistest.StartReplica(t, master, "--appendonly", "yes")
	sentinels := redistest.StartSentinels(t, master, 1, 1)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: redistest.MasterName, SentinelAddrs: sentinels.Addrs})
	defer client.Close()
	c := config(client)
	c.Failover = true

	examine(t, c).want(t, "replication", wanted{doctor.Warning, "min-replicas-to-write 1"})
	if err := master.Client(t).ConfigSet(t.Context(), "min-replicas-to-write", "1").Err(); err != nil {
		t.Fatal(err)
	}
	found := examine(t, c)
	found.want(t, "replication", wanted{doctor.OK, "takes no writes"})
	found.quiet(t)
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
		if nodes[master.Addr] < 3 {
			t.Errorf("%d findings on %s", nodes[master.Addr], master.Addr)
		}
	}
	found := examine(t, c)
	found.quiet(t)

	masters[2].Kill()
	found = examineUntil(t, c, "writes", "Redis takes no writes")
	found.want(t, "reach", wanted{doctor.Failure, "does not answer"})
}
