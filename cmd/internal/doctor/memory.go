package doctor

import (
	"context"
	"fmt"
)

// eviction sees to it that a full Redis refuses rather than forgets.
func (n *node) eviction(ctx context.Context) Finding {
	policy := n.info["maxmemory_policy"]
	if policy == "" {
		var unknown string
		if policy, unknown = n.setting(ctx, "maxmemory-policy"); unknown != "" {
			return n.unknown("eviction", unknown)
		}
	}
	if policy == "noeviction" {
		return n.ok("eviction", "maxmemory-policy is noeviction")
	}
	return n.failure("eviction",
		"maxmemory-policy is "+policy+": when memory is full, Redis forgets tasks and outcomes",
		"set maxmemory-policy noeviction (CONFIG SET maxmemory-policy noeviction, and in redis.conf)")
}

const (
	// fullPercent of maxmemory is where one should act.
	fullPercent = 85
	// crowdedPercent of the machine's memory is where one should where there
	// is no limit: a fork to save may need as much again.
	crowdedPercent = 60
)

// memory tells how much is left.
func (n *node) memory() Finding {
	used, known := n.number("used_memory")
	if !known {
		return n.unseen("memory")
	}
	limit, _ := n.number("maxmemory")
	machine, _ := n.number("total_system_memory")
	resident, _ := n.number("used_memory_rss")
	switch {
	case limit > 0 && used*100/limit >= fullPercent:
		return n.warning("memory",
			fmt.Sprintf("%s of %s are used (%d %%): soon Redis takes no more tasks",
				size(used), size(limit), used*100/limit),
			"raise maxmemory, or let workers go through what is queued")
	case limit > 0:
		return n.ok("memory", fmt.Sprintf("%s of %s are used (%d %%)", size(used), size(limit), used*100/limit))
	case machine > 0 && resident*100/machine >= crowdedPercent:
		return n.warning("memory",
			fmt.Sprintf("%s of the machine's %s are used, without a limit", size(resident), size(machine)),
			"set maxmemory, so that Redis refuses before the system kills it")
	case machine > 0:
		return n.ok("memory",
			fmt.Sprintf("%s of the machine's %s are used, without a limit", size(resident), size(machine)))
	}
	return n.ok("memory", size(used)+" are used, without a limit")
}

// size writes a number of bytes as people read it.
func size(bytes int64) string {
	const unit = 1024
	if bytes < unit*unit {
		return fmt.Sprintf("%d KiB", bytes/unit)
	}
	if bytes < unit*unit*unit {
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(unit*unit))
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(unit*unit*unit))
}
