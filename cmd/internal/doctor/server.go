package doctor

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/redisfault"
)

// oldest is the least version that knows every command in use.
var oldest = [2]int{6, 2}

// version asks HELLO where INFO is forbidden.
func (n *node) version(ctx context.Context) Finding {
	version, known := n.info["redis_version"]
	if !known {
		hello := redis.NewMapStringInterfaceCmd(ctx, "hello")
		_ = n.client.Process(ctx, hello) // unseen is all there is to say
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

// role tells a master from a replica, which would refuse every write or lose it.
func (n *node) role() Finding {
	switch role := n.info["role"]; role {
	case "":
		return n.unseen("role")
	case "master":
		return n.ok("role", "a master")
	default:
		return n.failure("role",
			"a replica of "+n.info["master_host"]+":"+n.info["master_port"]+": writes are refused or lost",
			redisfault.SetMaster)
	}
}

// writes writes a key that lives for a second.
func (d *doctor) writes(ctx context.Context) {
	err := d.Redis.Set(ctx, tasks.Key(d.Outcomes.Namespace(), "doctor"), 1, time.Second).Err()
	if err == nil {
		d.tell(ok("writes", "Redis takes writes"))
		return
	}
	mend := cmp.Or(redisfault.Advice(err), "mend what Redis says")
	d.tell(failure("writes", "Redis takes no writes: write a key that lives for a second: "+err.Error(), mend))
}

// maxSkew is how far clocks may be apart. Tasks become due by workers' clocks,
// and Asynq takes a task from a worker that has been silent for 30 seconds.
const maxSkew = 2 * time.Second

// clock compares this machine's clock with Redis'.
func (n *node) clock(ctx context.Context) Finding {
	before := time.Now()
	there, err := n.client.Time(ctx).Result()
	took := time.Since(before)
	if err != nil {
		return n.unknown("clock", refusal("TIME", err))
	}
	apart := there.Sub(before.Add(took / 2)).Round(time.Millisecond)
	found := fmt.Sprintf("Redis' clock is %v off this machine's, within %v", apart, (took / 2).Round(time.Millisecond))
	if apart.Abs() > maxSkew+took/2 {
		return n.warning("clock", found,
			"let both machines keep time with NTP: "+
				"retries come early or late, and tasks may be taken from workers that live")
	}
	return n.ok("clock", found)
}

func (n *node) encryption() Finding {
	switch {
	case n.client.Options().TLSConfig != nil && n.client.Options().TLSConfig.InsecureSkipVerify:
		return n.warning("encryption", "the connection is encrypted, but Redis' certificate is not looked at",
			"drop skip_verify from REDIS_URL, and name its authority with --redis-ca")
	case n.client.Options().TLSConfig != nil:
		return n.ok("encryption", "the connection is encrypted")
	case n.local():
		return n.ok("encryption", "the connection is not encrypted, and does not leave this machine")
	}
	return n.warning("encryption", "the connection to "+n.addr+" is not encrypted",
		"turn TLS on in Redis, and let REDIS_URL begin with rediss://, rediss-sentinel:// or rediss-cluster://")
}

func (n *node) access(ctx context.Context) Finding {
	user, err := n.client.ACLWhoAmI(ctx).Result()
	switch {
	case err != nil:
		return n.unknown("access", refusal("ACL WHOAMI", err))
	case user != "default":
		return n.ok("access", "as the user "+user)
	case n.client.Options().Password != "":
		return n.ok("access", "as the default user, with a password; it may do everything")
	case n.local():
		return n.ok("access", "as the default user, without a password, on this machine")
	}
	return n.warning("access",
		"as the default user, without a password: whoever reaches "+n.addr+" may do everything",
		"give Redis the users of the runbook's list")
}
