package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
)

// sentinels returns clients of the Sentinels that the URL names, by address, which the
// caller closes, and their name for the master; none where the URL cannot be read, which
// [Redis.Open] has reported.
func (r *Redis) sentinels() (master string, all map[string]*redis.SentinelClient) {
	scheme, rest, _ := strings.Cut(r.URL, "://")
	options, err := r.failover(strings.TrimSuffix(scheme, "-sentinel") + "://" + rest)
	if err != nil {
		return "", nil
	}
	all = make(map[string]*redis.SentinelClient)
	for _, addr := range options.SentinelAddrs {
		all[addr] = redis.NewSentinelClient(&redis.Options{
			Addr: addr, Username: options.SentinelUsername, Password: options.SentinelPassword,
			TLSConfig: options.TLSConfig, ContextTimeoutEnabled: true, DisableIdentity: noIdentity,
			// A Sentinel that is down must be told within reachTime, so nothing is tried
			// twice: go-redis would dial five times and repeat a command three times.
			MaxRetries: -1, DialerRetries: 1, DialTimeout: 3 * time.Second,
		})
	}
	return options.MasterName, all
}

// masters returns the address of the master, none if no Sentinel says it, or an error if
// the Sentinels lead to none. A Sentinel that knows the master outweighs those that do not,
// such as one that was set up for another service. At most one address is returned.
func (r *Redis) masters(ctx context.Context, at servers) (addrs []string, why error) {
	name, all := r.sentinels()
	for _, sentinel := range all {
		defer sentinel.Close()
	}
	// The order is the same each time, so that two runs report the same Sentinel.
	for _, addr := range slices.Sorted(maps.Keys(all)) {
		master, err := masterOf(ctx, all[addr], name)
		switch fault := redisfault.Of(err); {
		case err == nil:
			return []string{net.JoinHostPort(master[0], master[1])}, nil
		// Sentinel answers nil for a name that it does not know. Another may know it, so
		// this is kept for the end.
		case errors.Is(err, redis.Nil):
			why = unknownMaster(ctx, all[addr], addr, name)
		// A Redis that is no Sentinel does not know the command SENTINEL.
		case fault == redisfault.UnknownCommand:
			return nil, &redisfault.AddressError{Addr: addr, Is: "is no Sentinel", Advice: redisfault.SetSingle}
		// The Sentinels' user is not Redis'; who sets one password often expects it to be
		// good for both.
		case fault == redisfault.NoAuth || fault == redisfault.WrongPass:
			return nil, &redisfault.AddressError{
				Addr: addr, Is: "is a Sentinel that refuses its user or password: " + err.Error(),
				Advice: "give them as the parameters sentinel_username and sentinel_password of the Redis URL",
			}
		default:
			// A Sentinel without an answer is examined like a Redis. One that is only down
			// does not end the search: the next one is asked.
			if found := at.probe(ctx, addr); redisfault.Permanent(found) {
				return nil, found
			}
		}
	}
	return nil, why
}

// masterOf returns the host and port of the master, or [redis.Nil] if the Sentinel knows
// none of that name. Each Sentinel gets stepTime.
func masterOf(ctx context.Context, sentinel *redis.SentinelClient, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	at, err := sentinel.GetMasterAddrByName(ctx, name).Result()
	if err == nil && len(at) != 2 {
		return nil, redis.Nil
	}
	return at, err
}

// unknownMaster returns an error that says that a Sentinel does not know a master, and
// which names it knows: one of them may be what was meant.
func unknownMaster(ctx context.Context, sentinel *redis.SentinelClient, addr, name string) error {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	var known []string
	// Where the Sentinels' user may not ask for them, no name is given.
	replies, _ := sentinel.Masters(ctx).Result()
	for _, reply := range replies {
		if master, ok := reply.(map[any]any); ok {
			known = append(known, fmt.Sprint(master["name"]))
		}
	}
	set := "let master= in the Redis URL name the master as the Sentinels do"
	if len(known) > 0 {
		set += ": " + strings.Join(known, ", ")
	}
	return &redisfault.AddressError{Addr: addr, Is: "is a Sentinel that knows no master named " + name, Advice: set}
}
