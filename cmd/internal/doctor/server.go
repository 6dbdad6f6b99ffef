package doctor

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/redisfault"
)

// oldest is the least version that knows every command in use, as major and minor number.
// Valkey says 7.2.4 or newer in redis_version.
var oldest = [2]int{6, 2}

// version asks HELLO where INFO is forbidden: no ACL can refuse it, and it has the version
// too.
func (n *node) version(ctx context.Context) Finding {
	version, known := n.info["redis_version"]
	if !known {
		hello := redis.NewMapStringInterfaceCmd(ctx, "hello")
		// An error leaves the version empty, which is all that there is to say.
		_ = n.client.Process(ctx, hello)
		version, _ = hello.Val()["version"].(string)
	}
	if version == "" {
		return n.unseen("version")
	}
	if tooOld(version) {
		return n.failure("version", "Redis "+version+" lacks commands that are needed",
			"update Redis to 6.2 or newer")
	}
	return n.ok("version", "Redis "+version)
}

// tooOld compares numbers and not text: 10.1 is newer than 6.2. A version that is no
// number, as of a proxy, counts as new enough.
func tooOld(version string) bool {
	parts := strings.Split(version, ".")
	for i, least := range oldest {
		if i >= len(parts) {
			return false
		}
		part, err := strconv.Atoi(parts[i])
		if err != nil || part > least {
			return false
		}
		if part < least {
			return true
		}
	}
	return false
}

// writes writes a key that lives for a second. It finds with one command what no setting
// tells for certain: a full Redis, a replica, too few replicas, a disk that is full, a
// Cluster that is not whole. In a Cluster it reaches one master, that of the namespace's
// outcomes.
func (d *doctor) writes(ctx context.Context) {
	err := d.Redis.Set(ctx, tasks.Key(d.Outcomes.Namespace(), "doctor"), 1, time.Second).Err()
	if err == nil {
		d.tell(ok("writes", "Redis takes writes"))
		return
	}
	mend := cmp.Or(redisfault.Advice(err), "correct what Redis reports")
	d.tell(failure("writes", "Redis takes no writes: write a key that lives for a second: "+err.Error(), mend))
}

// eviction sees to it that a full Redis refuses rather than forgets. Under any other policy
// than noeviction it deletes keys to make room: any of them under allkeys-…, those with a
// TTL, such as outcomes and requests, under volatile-….
func (n *node) eviction(ctx context.Context) Finding {
	policy := n.info["maxmemory_policy"]
	// INFO has it in its section memory; CONFIG is asked where a provider leaves that out.
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
