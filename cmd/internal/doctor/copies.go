package doctor

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

// cluster sees to it that the client and Redis agree on being one, and that no
// part of it is missing.
func (d *doctor) cluster(ctx context.Context) {
	_, asked := d.Redis.(*redis.ClusterClient)
	if !asked {
		if len(d.nodes) == 1 && d.nodes[0].info["cluster_enabled"] == "1" {
			d.tell(failure("cluster",
				"this Redis is part of a cluster, and REDIS_URL does not say so: keys of other nodes are not reached",
				redisfault.SetCluster))
		}
		return
	}
	text, err := d.Redis.ClusterInfo(ctx).Result()
	if err != nil {
		d.tell(unknown("cluster", refusal("CLUSTER INFO", err)))
		return
	}
	info := fields(text, "\n")
	found := fmt.Sprintf("%s, %s of 16384 slots served by %s",
		info["cluster_state"], info["cluster_slots_ok"], count(len(d.nodes), "master", "masters"))
	switch {
	case info["cluster_state"] != "ok" || info["cluster_slots_assigned"] != "16384":
		d.tell(failure("cluster", "the cluster is "+found,
			"bring the missing nodes back, or fail over: redis-cli --cluster check"))
	case info["cluster_slots_fail"] != "0" || info["cluster_slots_pfail"] != "0":
		d.tell(warning("cluster", "the cluster is "+found+", and a node does not answer",
			"bring it back: redis-cli --cluster check"))
	default:
		d.tell(ok("cluster", "the cluster is "+found))
	}
}

// replication tells whether each master has a copy that may take its place.
func (d *doctor) replication(context.Context) {
	_, clustered := d.Redis.(*redis.ClusterClient)
	needed := clustered || len(d.Sentinels) > 0
	for _, n := range d.nodes {
		if n.info == nil {
			d.tell(n.unseen("replication"))
			continue
		}
		online, others := n.replicas()
		switch {
		case others != "":
			d.tell(n.warning("replication", count(online, "replica follows", "replicas follow")+", and one does not: "+others,
				"see that replica's log"))
		case online == 0 && needed:
			d.tell(n.warning("replication", "no replica follows: nobody takes over if this master dies",
				"add a replica"))
		case online == 0:
			d.tell(n.ok("replication", "no replica, and nothing that would fail over to one"))
		case n.info["min_slaves_good_slaves"] == "" && len(d.Sentinels) > 0:
			d.tell(n.warning("replication",
				count(online, "replica follows", "replicas follow")+"; a master without any takes writes that a failover loses",
				"set min-replicas-to-write 1 and min-replicas-max-lag 10 on all of them"))
		default:
			d.tell(n.ok("replication", count(online, "replica follows", "replicas follow")))
		}
	}
}

// maxLag is how many seconds old a replica's data may be.
const maxLag = 10

// replicas returns how many follow, and one that does not, with its state.
func (n *node) replicas() (online int, other string) {
	count, _ := n.number("connected_slaves")
	for i := range count {
		replica := make(map[string]string)
		for pair := range strings.SplitSeq(n.info[fmt.Sprintf("slave%d", i)], ",") {
			name, value, _ := strings.Cut(pair, "=")
			replica[name] = value
		}
		if lag, err := strconv.Atoi(replica["lag"]); replica["state"] == "online" && err == nil && lag <= maxLag {
			online++
			continue
		}
		other = fmt.Sprintf("%s is %s, %s s behind",
			net.JoinHostPort(replica["ip"], replica["port"]), replica["state"], replica["lag"])
	}
	return online, other
}
