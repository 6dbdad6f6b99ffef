package config

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

// identity is what a server says it is, in the words of HELLO or INFO; nil or empty where
// it does not say.
type identity struct{ mode, role any }

// inform returns what INFO says, which fewer users may ask than HELLO. A node of a Cluster
// is unknown: there may be a proxy before it that is used like a master by itself.
func inform(ctx context.Context, client *redis.Client) identity {
	info, err := client.InfoMap(ctx).Result()
	if err != nil || info["Server"]["redis_mode"] == "cluster" {
		return identity{}
	}
	return identity{info["Server"]["redis_mode"], info["Replication"]["role"]}
}

// misdirected returns an error if the server is not a master by itself.
func (i identity) misdirected(ctx context.Context, client *redis.Client) error {
	wrong := &redisfault.AddressError{Addr: client.Options().Addr}
	switch {
	case i.mode == "sentinel":
		wrong.Is = "is a Sentinel"
		wrong.Advice = "set the Redis URL to redis-sentinel://" + wrong.Addr + "/0?master=NAME, with the master's name"
	case i.mode == "cluster":
		wrong.Is, wrong.Advice = "is a node of a Redis Cluster", redisfault.SetCluster
	case i.role == "replica" || i.role == "slave":
		wrong.Is, wrong.Advice = "is a replica", redisfault.SetMaster
		info, _ := client.InfoMap(ctx, "replication").Result() // nothing, where it is forbidden
		if of := info["Replication"]; of["master_host"] != "" {
			wrong.Is += " of " + net.JoinHostPort(of["master_host"], of["master_port"])
		}
	default:
		return nil
	}
	return wrong
}
