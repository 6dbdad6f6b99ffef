package config

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Sentinels returns clients of the Sentinels that the URL names, by address,
// which the caller closes, and their name for the master; none where the URL names no
// Sentinels or cannot be read, as [Redis.Open] says.
func (r *Redis) Sentinels() (master string, all map[string]*redis.SentinelClient) {
	scheme, rest, _ := strings.Cut(r.URL, "://")
	plain, named := strings.CutSuffix(scheme, "-sentinel")
	if !named {
		return "", nil
	}
	options, err := r.failover(plain + "://" + rest)
	if err != nil {
		return "", nil
	}
	all = make(map[string]*redis.SentinelClient)
	for _, addr := range options.SentinelAddrs {
		all[addr] = redis.NewSentinelClient(&redis.Options{
			Addr: addr, Username: options.SentinelUsername, Password: options.SentinelPassword,
			TLSConfig: options.TLSConfig, ContextTimeoutEnabled: true, DisableIdentity: noIdentity,
			MaxRetries: -1, DialerRetries: 1, DialTimeout: 3 * time.Second, // a dead one is told soon
		})
	}
	return options.MasterName, all
}

func (r *Redis) sentinel(raw string) (redis.UniversalClient, error) {
	options, err := r.failover(raw)
	if err != nil {
		return nil, err
	}
	return redis.NewFailoverClient(options), nil
}

// failover takes the user and password of the URL for those of Redis, as in
// every other form; the Sentinels' own, if they have any, are the parameters
// sentinel_username and sentinel_password.
func (r *Redis) failover(raw string) (*redis.FailoverOptions, error) {
	u, err := url.Parse(addresses(raw))
	if err != nil {
		return nil, err
	}
	query := u.Query()
	master, user, password := query.Get("master"), query.Get("sentinel_username"), query.Get("sentinel_password")
	if master == "" {
		return nil, errors.New("the master's name is missing, " +
			"as in redis-sentinel://host:26379,host2:26379/0?master=mymaster")
	}
	for _, own := range []string{"master", "sentinel_username", "sentinel_password"} {
		query.Del(own)
	}
	query.Set("master_name", master)
	u.RawQuery = query.Encode()
	options, err := redis.ParseFailoverURL(u.String())
	if err != nil {
		return nil, err
	}
	if err := bounded(&options.PoolSize, options.MinIdleConns, options.PipelinePoolSize); err != nil {
		return nil, err
	}
	if err := r.certificates.apply(options.TLSConfig); err != nil {
		return nil, err
	}
	options.Username, options.Password = options.SentinelUsername, options.SentinelPassword
	options.SentinelUsername, options.SentinelPassword = user, password
	options.ContextTimeoutEnabled, options.DisableIdentity = true, noIdentity
	return options, nil
}
