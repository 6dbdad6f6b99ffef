package doctor

import (
	"context"
	"time"
)

// appendOnly is the advice where a crash of Redis loses requests. Snapshots are no remedy:
// what was requested since the last one is lost.
const appendOnly = "set appendonly yes (CONFIG SET appendonly yes, and in redis.conf)"

// persistence tells how much a crash of Redis would lose. The names are those of INFO's
// section persistence, see "INFO" in Redis' documentation.
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
	// A copy elsewhere outlives the crash of one machine, so this is no failure; both may
	// still lose their power together.
	if replicas, _ := n.number("connected_slaves"); replicas > 0 {
		return n.warning(check, found+"; "+count(replicas, "replica has a copy", "replicas have a copy"), appendOnly)
	}
	return n.failure(check, found+": a crash loses tasks and outcomes", appendOnly)
}

// appending tells how the append-only file is: a file that cannot be written is as good as
// none.
func (n *node) appending(ctx context.Context) Finding {
	const check = "persistence"
	if status := n.info["aof_last_write_status"]; status != "ok" {
		return n.failure(check, "the last write to the append-only file failed: "+status,
			"make room on Redis' disk, and see its log")
	}
	// Writes still reach the file, which is never made shorter now and fills the disk in
	// the end. The rewrite forks, which fails where memory may not be overcommitted.
	if status := n.info["aof_last_bgrewrite_status"]; status != "ok" {
		return n.warning(check, "the append-only file could not be rewritten, and grows: "+status,
			"make room on Redis' disk and in memory (vm.overcommit_memory=1), and see its log")
	}
	switch often, unknown := n.setting(ctx, "appendfsync"); {
	// Append-only alone is right; no alarm because a provider hides the rest.
	case unknown != "":
		return n.ok(check, "append-only; how often it reaches the disk is not known: "+unknown)
	// With appendfsync no the kernel decides, on Linux within 30 seconds; see "Redis
	// persistence" in Redis' documentation.
	case often == "no":
		return n.warning(check, "append-only with appendfsync no: a crash of the machine loses half a minute",
			"set appendfsync everysec or always")
	case often == "everysec":
		return n.ok(check, "append-only, on disk every second: a crash of the machine may forget the last one")
	// What is left is appendfsync always.
	default:
		return n.ok(check, "append-only, on disk with every write")
	}
}

// snapshots tells in words whether snapshots are made, and how old the last one is, for a
// finding that is no good news in any case.
func (n *node) snapshots(ctx context.Context) string {
	rules, unknown := n.setting(ctx, "save")
	saved, _ := n.number("rdb_last_save_time")
	last := "the last snapshot is of " + moment(time.Unix(saved, 0))
	switch {
	case unknown == "" && rules == "":
		return "no snapshots are made"
	// A failed snapshot outweighs the age of the one before.
	case n.info["rdb_last_bgsave_status"] != "ok":
		return "the last snapshot failed"
	case unknown == "":
		return last + " (save " + rules + ")"
	}
	return last + ", of rules not known (" + unknown + ")"
}

// replication tells whether a master that is cut off from its replicas continues confirming
// writes, which the next failover loses: Sentinels make a replica the master meanwhile, and
// the old one drops what it has when it comes back. It is about the settings of a failover,
// not about the state of the replicas.
func (n *node) replication() Finding {
	const check = "replication"
	switch {
	case n.info == nil:
		return n.unseen(check)
	// INFO has this line only where min-replicas-to-write and min-replicas-max-lag are both
	// above 0, so that CONFIG need not be asked.
	case n.info["min_slaves_good_slaves"] == "":
		return n.warning(check, "a master without any replica takes writes that a failover loses",
			"set min-replicas-to-write 1 and min-replicas-max-lag 10 on all of them")
	}
	return n.ok(check, "a master without enough replicas takes no writes")
}
