package doctor

import (
	"context"
	"time"
)

// appendOnly is the advice where a crash of Redis loses what was asked for.
const appendOnly = "set appendonly yes (CONFIG SET appendonly yes, and in redis.conf)"

// persistence tells how much a crash of Redis would lose.
func (n *node) persistence(ctx context.Context) Finding {
	const check = "persistence"
	switch {
	case n.info["aof_enabled"] == "":
		return n.unseen(check)
	case n.info["loading"] == "1":
		return n.warning(check, "Redis is still reading its data from disk", "wait")
	case n.info["aof_enabled"] == "1":
		return n.appending(ctx)
	}
	found := "append-only is off, and " + n.snapshots(ctx)
	if replicas, _ := n.number("connected_slaves"); replicas > 0 {
		return n.warning(check, found+"; "+count(replicas, "replica has a copy", "replicas have a copy"), appendOnly)
	}
	return n.failure(check, found+": a crash loses tasks and outcomes", appendOnly)
}

// appending tells how the append-only file is.
func (n *node) appending(ctx context.Context) Finding {
	const check = "persistence"
	if status := n.info["aof_last_write_status"]; status != "ok" {
		return n.failure(check, "the last write to the append-only file failed: "+status,
			"make room on Redis' disk, and see its log")
	}
	if status := n.info["aof_last_bgrewrite_status"]; status != "ok" {
		return n.warning(check, "the append-only file could not be rewritten, and grows: "+status,
			"make room on Redis' disk and in memory (vm.overcommit_memory=1), and see its log")
	}
	switch often, unknown := n.setting(ctx, "appendfsync"); {
	case unknown != "":
		return n.ok(check, "append-only; how often it reaches the disk is not known: "+unknown)
	case often == "no":
		return n.warning(check, "append-only with appendfsync no: a crash of the machine loses half a minute",
			"set appendfsync everysec or always")
	case often == "everysec":
		return n.ok(check, "append-only, on disk every second: a crash of the machine may forget the last one")
	default:
		return n.ok(check, "append-only, on disk with every write")
	}
}

// snapshots tells whether there are any, and how old the last one is.
func (n *node) snapshots(ctx context.Context) string {
	rules, unknown := n.setting(ctx, "save")
	saved, _ := n.number("rdb_last_save_time")
	last := "the last snapshot is of " + moment(time.Unix(saved, 0))
	switch {
	case unknown == "" && rules == "":
		return "no snapshots are made"
	case n.info["rdb_last_bgsave_status"] != "ok":
		return "the last snapshot failed"
	case unknown == "":
		return last + " (save " + rules + ")"
	}
	return last + ", of rules not known (" + unknown + ")"
}

// replication tells whether a master that is cut off from its replicas continues
// confirming writes, which the next failover loses.
func (n *node) replication() Finding {
	const check = "replication"
	switch {
	case n.info == nil:
		return n.unseen(check)
	case n.info["min_slaves_good_slaves"] == "":
		return n.warning(check, "a master without any replica takes writes that a failover loses",
			"set min-replicas-to-write 1 and min-replicas-max-lag 10 on all of them")
	}
	return n.ok(check, "a master without enough replicas takes no writes")
}
