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
	// reachTime is how long Redis may take to answer, the examination included: a person
	// who runs a command waits for it.
	reachTime = 5 * time.Second
	// soonTime is after what time without an answer the server is examined. A server that
	// speaks no TLS is silent when it is spoken to with TLS, and without the examination
	// the command would wait for all of reachTime. deploy/REFERENCE.md promises the finding
	// within two seconds.
	soonTime = 750 * time.Millisecond
)

// Reach returns nil once Redis answers and is what the URL takes it for. Otherwise it
// returns, within five seconds, why not; [redisfault.Permanent] tells whether waiting
// helps, and [redisfault.Advice] what to set. Every command begins with it; work repeats it
// until it returns nil or a permanent error.
//
// A right that the user lacks comes as [*redisfault.RightsError], whose advice has the ACL
// SETUSER that gives it.
func (r *Redis) Reach(ctx context.Context, client redis.UniversalClient) error {
	err := r.reach(ctx, client)
	if refused := redisfault.Refused(err, rights.User(client)); refused != nil && len(refused.Commands) > 0 {
		return refused
	}
	return err
}

// reach asks in the order of what is cheap and certain: the Sentinels for the master, Redis
// itself, and only then, beside the client, what the server is.
func (r *Redis) reach(ctx context.Context, client redis.UniversalClient) error {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	at, err := r.servers(ctx, client)
	if err != nil {
		return describe(err)
	}
	// The first question gets a part of the time, so that the examination has the rest.
	soon, cancelSoon := context.WithTimeout(ctx, soonTime)
	defer cancelSoon()
	err = r.greet(soon, client)
	if redisfault.Of(err) == redisfault.Misconf {
		// A Redis that cannot save refuses PING with all writes, by MISCONF, and answers
		// readings: status, lists and doctor work. What writes says why not by itself.
		return nil
	}
	// A server in the Sentinels' place that was too slow to answer before says now that it
	// does not know the command: it is asked again, for the error that names its address.
	if r.Failover() && redisfault.Of(err) == redisfault.UnknownCommand {
		if _, why := r.masters(ctx, at); why != nil {
			return describe(why)
		}
	}
	// What Redis itself says needs no examination.
	if err == nil || redisfault.Permanent(err) || redisfault.Of(err) != "" {
		return describe(err)
	}
	// Of several nodes of a Cluster the first at which something is wrong is enough.
	for _, addr := range at.addrs {
		if found := at.probe(ctx, addr); found != nil {
			return describe(found)
		}
	}
	// Nothing is wrong with the server as far as can be seen: it may be far away, and gets
	// the rest of the time.
	if soon.Err() != nil && ctx.Err() == nil {
		err = r.greet(ctx, client)
	}
	return describe(err)
}

// servers returns where Redis is, or an error if the Sentinels lead to no master. Where the
// Sentinels do not answer, addrs is empty, and the client's own error is reported.
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
		// The options of a failover client name no address of a server: its Addr is
		// "FailoverClient".
		at.network = "tcp"
		at.addrs, err = r.masters(ctx, at)
		return at, err
	}
	return servers{}, nil
}

// greet sends PING and, where the URL names one server, HELLO, which says whether that is a
// master by itself. Both go in one round trip. No ACL can refuse HELLO; a PING that is
// refused is reported as a right that the user lacks.
func (r *Redis) greet(ctx context.Context, client redis.UniversalClient) error {
	single, ok := client.(*redis.Client)
	// A Cluster's client finds the masters itself; the master of Sentinels may change its
	// role at any time, and the client follows.
	if !ok || r.Failover() {
		return client.Ping(ctx).Err()
	}
	hello := redis.NewMapStringInterfaceCmd(ctx, "hello")
	var ping *redis.StatusCmd
	_, err := single.Pipelined(ctx, func(p redis.Pipeliner) error {
		ping = p.Ping(ctx)
		return p.Process(ctx, hello)
	})
	// Neither was sent, as where there is no connection.
	if err != nil && hello.Err() == nil && ping.Err() == nil {
		return err
	}
	is := identity{mode: hello.Val()["mode"], role: hello.Val()["role"]}
	// A proxy, or a Redis whose HELLO was renamed. INFO tells the same.
	if hello.Err() != nil && ping.Err() == nil {
		is = inform(ctx, single)
	}
	if err := is.misdirected(ctx, single); err != nil {
		return err
	}
	return ping.Err()
}

// identity is what a server says it is, in the words of HELLO or INFO; nil or empty where
// it does not say. Mode is standalone, sentinel or cluster; role is master, and replica in
// HELLO or slave in INFO.
type identity struct{ mode, role any }

// inform returns what INFO says. It is asked only where HELLO is not there, since fewer
// users have the right to INFO. A node of a Cluster counts as unknown: a proxy before a
// Cluster that is used like a master by itself shows a node's INFO.
func inform(ctx context.Context, client *redis.Client) identity {
	info, err := client.InfoMap(ctx).Result()
	if err != nil || info["Server"]["redis_mode"] == "cluster" {
		return identity{}
	}
	return identity{info["Server"]["redis_mode"], info["Replication"]["role"]}
}

// misdirected returns a [*redisfault.AddressError] if the server is not a master by itself,
// and nil also where it does not say what it is: a proxy that hides it must not keep
// commands from working.
func (i identity) misdirected(ctx context.Context, client *redis.Client) error {
	wrong := &redisfault.AddressError{Addr: client.Options().Addr}
	switch {
	case i.mode == "sentinel":
		wrong.Is = "is a Sentinel"
		wrong.Advice = "set the Redis URL to redis-sentinel://" + wrong.Addr + "/0?master=NAME, with the master's name"
	// A client of one server would get MOVED for most keys.
	case i.mode == "cluster":
		wrong.Is, wrong.Advice = "is a node of a Redis Cluster", redisfault.SetCluster
	// A replica answers readings; it would refuse only the first write, with READONLY.
	case i.role == "replica" || i.role == "slave":
		wrong.Is, wrong.Advice = "is a replica", redisfault.SetMaster
		// Where INFO is forbidden the master's address is left out.
		info, _ := client.InfoMap(ctx, "replication").Result()
		if of := info["Replication"]; of["master_host"] != "" {
			wrong.Is += " of " + net.JoinHostPort(of["master_host"], of["master_port"])
		}
	default:
		return nil
	}
	return wrong
}

// Failover reports whether the URL names Sentinels, which say which Redis is the master. It
// goes by the scheme alone, also of a URL that cannot be opened.
func (r *Redis) Failover() bool {
	scheme, _, _ := strings.Cut(r.URL, "://")
	return strings.HasSuffix(scheme, "-sentinel")
}

// states says what a fault means for a person who has set REDIS_URL and may not know Redis'
// codes. Faults that are missing here, such as MISCONF and MOVED, are told in Redis' own
// words, which follow in any case.
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

// describe puts into words why Redis cannot be used, nil for nil. It wraps err, so that
// [redisfault.Permanent] and [redisfault.Advice] still find the fault in it. The words end
// where Redis' own begin, as those are what a search engine knows.
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
	// No fault of Redis and yet permanent: only errors of certificates are left.
	if redisfault.Permanent(err) {
		return fmt.Errorf("no encrypted connection to Redis: %w", err)
	}
	// The advice, which the command prints after the error, says more than the question in
	// the last sentence would.
	if redisfault.Advice(err) != "" {
		return fmt.Errorf("redis does not answer: %w", err)
	}
	return fmt.Errorf("redis does not answer (is it running, and is REDIS_URL right?): %w", err)
}
