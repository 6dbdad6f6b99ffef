package config

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/rights"
)

const (
	// reachTime is how long Redis may take to answer, what is examined included: a person
	// who runs a command waits for it.
	reachTime = 5 * time.Second
	// soonTime is after what time without an answer it is examined what is there: a
	// server that speaks no TLS is silent when it is spoken to with TLS.
	soonTime = 750 * time.Millisecond
)

// Reach returns nil once Redis answers and is what the URL takes it for. Otherwise it
// returns, within five seconds, why not; [redisfault.Permanent] tells whether it helps to
// wait, and [redisfault.Advice] what to set.
func (r *Redis) Reach(ctx context.Context, client redis.UniversalClient) error {
	err := r.reach(ctx, client)
	if refused := redisfault.Refused(err, rights.User(client)); refused != nil && len(refused.Commands) > 0 {
		return refused
	}
	return err
}

func (r *Redis) reach(ctx context.Context, client redis.UniversalClient) error {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	at, err := r.servers(ctx, client)
	if err != nil {
		return describe(err)
	}
	soon, cancelSoon := context.WithTimeout(ctx, soonTime)
	defer cancelSoon()
	err = r.greet(soon, client)
	if redisfault.Of(err) == redisfault.Misconf {
		return nil // PING alone of all that writes nothing is refused: what there is can be read
	}
	if r.Failover() && redisfault.Of(err) == redisfault.UnknownCommand { // slow before, it answers now
		if _, why := r.masters(ctx, at); why != nil {
			return describe(why)
		}
	}
	if err == nil || redisfault.Permanent(err) || redisfault.Of(err) != "" {
		return describe(err)
	}
	for _, addr := range at.addrs {
		if found := at.probe(ctx, addr); found != nil {
			return describe(found)
		}
	}
	if soon.Err() != nil && ctx.Err() == nil { // it may be far away
		err = r.greet(ctx, client)
	}
	return describe(err)
}

// servers returns where Redis is, or an error if the Sentinels lead to no master. What they
// do not say has no address.
func (r *Redis) servers(ctx context.Context, client redis.UniversalClient) (servers, error) {
	switch client := client.(type) {
	case *redis.ClusterClient:
		return servers{"tcp", client.Options().Addrs, client.Options().TLSConfig}, nil
	case *redis.Client:
		at := servers{client.Options().Network, []string{client.Options().Addr}, client.Options().TLSConfig}
		if !r.Failover() {
			return at, nil
		}
		var err error
		at.network = "tcp"
		at.addrs, err = r.masters(ctx, at)
		return at, err
	}
	return servers{}, nil
}

// greet asks Redis for an answer and, where the URL names one server, whether it is a
// master by itself. That takes one round trip, and no right of the user's.
func (r *Redis) greet(ctx context.Context, client redis.UniversalClient) error {
	single, ok := client.(*redis.Client)
	if !ok || r.Failover() { // whose master may change its role at any time
		return client.Ping(ctx).Err()
	}
	hello := redis.NewMapStringInterfaceCmd(ctx, "hello")
	var ping *redis.StatusCmd
	_, err := single.Pipelined(ctx, func(p redis.Pipeliner) error {
		ping = p.Ping(ctx)
		return p.Process(ctx, hello)
	})
	if err != nil && hello.Err() == nil && ping.Err() == nil { // neither was sent
		return err
	}
	is := identity{mode: hello.Val()["mode"], role: hello.Val()["role"]}
	if hello.Err() != nil && ping.Err() == nil { // a proxy, or a Redis whose HELLO was renamed
		is = inform(ctx, single)
	}
	if err := is.misdirected(ctx, single); err != nil {
		return err
	}
	return ping.Err()
}

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

// Failover reports whether the URL names Sentinels, which say which Redis is the master.
func (r *Redis) Failover() bool {
	scheme, _, _ := strings.Cut(r.URL, "://")
	return strings.HasSuffix(scheme, "-sentinel")
}

// states are how Redis is, in words.
var states = map[redisfault.Fault]string{
	redisfault.Busy:           "redis is busy with a script",
	redisfault.ClusterDown:    "the Redis Cluster is not whole",
	redisfault.Denied:         "redis is in protected mode",
	redisfault.Loading:        "redis is still reading its data from its disk",
	redisfault.MasterDown:     "redis is a replica whose master is away",
	redisfault.MaxClients:     "redis accepts no more connections",
	redisfault.NoAuth:         "redis refuses the user or password in REDIS_URL",
	redisfault.NoCluster:      "redis is no node of a Cluster",
	redisfault.NoDatabase:     "redis has no database of the number in REDIS_URL",
	redisfault.NoPerm:         "redis does not allow the user in REDIS_URL to do this",
	redisfault.UnknownCommand: "redis does not know a command",
	redisfault.WrongPass:      "redis refuses the user or password in REDIS_URL",
}

// describe puts into words why Redis cannot be used, if it cannot.
func describe(err error) error {
	if _, said := errors.AsType[*redisfault.AddressError](err); err == nil || said {
		return err
	}
	if state, ok := states[redisfault.Of(err)]; ok {
		return fmt.Errorf("%s: %w", state, err)
	}
	if redisfault.Of(err) != "" {
		return fmt.Errorf("redis refuses a command: %w", err)
	}
	if redisfault.Permanent(err) {
		return fmt.Errorf("no encrypted connection to Redis: %w", err)
	}
	if redisfault.Advice(err) != "" {
		return fmt.Errorf("redis does not answer: %w", err)
	}
	return fmt.Errorf("redis does not answer (is it running, and is REDIS_URL right?): %w", err)
}
