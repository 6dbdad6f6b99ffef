package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/spf13/pflag"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
)

// Redis is where tasks and outcomes are kept. A command that has it opens one client and
// closes it at its end.
type Redis struct {
	// URL has one of the schemes that the help text names; [Redis.Open] takes blanks around
	// it away. It may hold a password, so no error and no log line may repeat it.
	URL string
	// Namespace stands before every key, in the braces of a Cluster's hash tag: producers
	// and workers must have the same one to see each other.
	Namespace string
	// TTL is how long what this command writes lives after its last change. Until it is
	// over, the same request is recognised as a duplicate.
	TTL time.Duration

	// certificates are read anew by every [Redis.Open].
	certificates certificates
}

// Flags registers the settings.
func (r *Redis) Flags(f *pflag.FlagSet) {
	f.StringVar(&r.URL, "redis", "", "`URL` of Redis: redis:// rediss:// redis-socket:// redis-sentinel:// "+
		"rediss-sentinel:// redis-cluster:// rediss-cluster://; with a password, only in the environment or a file")
	envOrFile(f, "redis", "REDIS_URL")
	r.certificates.flags(f)
	f.StringVar(&r.Namespace, "namespace", outcome.DefaultNamespace,
		"`word` before every key and queue in Redis: one for each PortOne account")
	env(f, "namespace", "REVOKER_NAMESPACE")
	f.DurationVar(&r.TTL, "outcome-ttl", outcome.DefaultTTL, "how long what a command writes lives after its last change")
	env(f, "outcome-ttl", "REVOKER_OUTCOME_TTL")
	for _, flag := range []string{"redis", "redis-ca", "redis-cert", "redis-key", "namespace", "outcome-ttl"} {
		_ = f.SetAnnotation(flag, annotationRedis, nil)
	}
}

// FindsRedis reports whether a flag is one of [Redis.Flags]. Help texts show these in a
// group of their own, and the advice to look again repeats those that were given.
func FindsRedis(flag *pflag.Flag) bool {
	_, is := flag.Annotations[annotationRedis]
	return is
}

// Outcomes returns the settings of the outcome store.
func (r *Redis) Outcomes() outcome.Config {
	return outcome.Config{Namespace: r.Namespace, TTL: r.TTL}
}

// Open returns a client, which the caller closes. It does not connect yet: [Redis.Reach]
// does, so that wrong settings (exit code 2) are told from a Redis that is away (1). The
// error says what is wrong with the settings, without the password.
func (r *Redis) Open() (redis.UniversalClient, error) {
	r.URL = strings.TrimSpace(r.URL)
	switch {
	case r.URL == "":
		return nil, errors.New("no Redis is given: set REDIS_URL or --redis, such as redis://127.0.0.1:6379/0")
	// Braces would end the hash tag of a Cluster. A namespace is also the prefix of queues,
	// whose names are in patterns of ACLs and in paths of the Asynq web UI: *, ?, brackets
	// and slashes would mean something there.
	case r.Namespace == "" || strings.ContainsAny(r.Namespace, "{}[]*?\\/ \t\r\n"):
		return nil, fmt.Errorf("--namespace %q must be a word without blanks, slashes, braces, brackets, * and ?",
			r.Namespace)
	case r.TTL <= 0:
		return nil, fmt.Errorf("--outcome-ttl %v must be above 0, such as 2160h", r.TTL)
	}
	if err := r.certificates.check(); err != nil {
		return nil, err
	}
	client, err := r.open(r.URL)
	if err != nil {
		return nil, fmt.Errorf("the Redis URL (REDIS_URL or --redis): %w", withoutURL(err))
	}
	// With this hook every client follows a failover behind a proxy, as it does behind
	// Sentinels.
	client.AddHook(redisfault.Renew{})
	return client, nil
}

// poolSize is how many connections a client may have open, for each node. A slot of the
// worker holds one only while Redis answers it, so there may be far fewer connections than
// slots.
const poolSize = 64

// open returns the client that a URL's scheme asks for. go-redis parses redis:// and
// rediss://; the other schemes say which of its clients is meant, and are cut down to these
// two for its parsers.
func (r *Redis) open(raw string) (redis.UniversalClient, error) {
	if strings.ContainsAny(raw, " \t\r\n") {
		return nil, errors.New("it has a blank or a line break in it, perhaps of the password's file")
	}
	scheme, rest, _ := strings.Cut(raw, "://")
	// net/url would end the host at such a character and take the rest of the password for
	// a path, which an error would repeat.
	if at := strings.LastIndex(rest, "@"); at >= 0 && strings.ContainsAny(rest[:at], "/?#") {
		return nil, errors.New("it is malformed; a password's special characters are written as %XX, " +
			"an @ after the host as %40")
	}
	// The path of a socket may have a colon, and no port.
	if err := ports(rest); err != nil && !strings.HasPrefix(rest, "/") {
		return nil, err
	}
	switch scheme {
	case "redis", "rediss":
		return r.single(raw)
	case "redis-socket", "unix":
		return r.single("unix://" + rest)
	case "redis-sentinel", "rediss-sentinel":
		return r.sentinel(strings.TrimSuffix(scheme, "-sentinel") + "://" + rest)
	case "redis-cluster", "rediss-cluster":
		return r.cluster(strings.TrimSuffix(scheme, "-cluster") + "://" + rest)
	}
	return nil, errors.New("it must begin with redis://, rediss://, redis-socket://, redis-sentinel://, " +
		"rediss-sentinel://, redis-cluster:// or rediss-cluster://")
}

// single returns a client of one server, by TCP or by a socket.
func (r *Redis) single(raw string) (redis.UniversalClient, error) {
	options, err := redis.ParseURL(raw)
	if err != nil {
		return nil, err
	}
	err = cmp.Or(database(options.DB), bounded(&options.PoolSize, options.MinIdleConns, options.PipelinePoolSize),
		r.certificates.apply(options.TLSConfig))
	if err != nil {
		return nil, err
	}
	// By default go-redis ignores the deadline of a context while it reads and writes:
	// [Redis.Reach] would wait for ReadTimeout, and its retries, instead of its own time.
	options.ContextTimeoutEnabled, options.DisableIdentity = true, noIdentity
	options.MaintNotificationsConfig = noMaintenanceNews()
	return redis.NewClient(options), nil
}

// cluster returns a client of a Cluster. It has no database to check: a Cluster has only 0.
func (r *Redis) cluster(raw string) (redis.UniversalClient, error) {
	options, err := redis.ParseClusterURL(addresses(raw))
	if err != nil {
		return nil, err
	}
	err = cmp.Or(bounded(&options.PoolSize, options.MinIdleConns, options.PipelinePoolSize),
		r.certificates.apply(options.TLSConfig))
	if err != nil {
		return nil, err
	}
	options.ContextTimeoutEnabled, options.DisableIdentity = true, noIdentity
	options.MaintNotificationsConfig = noMaintenanceNews()
	return redis.NewClusterClient(options), nil
}

// sentinel returns a client of the master that the Sentinels name, which follows a
// failover.
func (r *Redis) sentinel(raw string) (redis.UniversalClient, error) {
	options, err := r.failover(raw)
	if err != nil {
		return nil, err
	}
	return redis.NewFailoverClient(options), nil
}

// failover takes the user and password of the URL for those of Redis, as in every other
// form; the Sentinels' own, if they have any, are the parameters sentinel_username and
// sentinel_password. To go-redis ([redis.ParseFailoverURL]) they mean the reverse: the user
// of the URL is the Sentinels', and Redis' stands in parameters.
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
	// go-redis refuses parameters that it does not know.
	for _, own := range []string{"master", "sentinel_username", "sentinel_password"} {
		query.Del(own)
	}
	query.Set("master_name", master)
	u.RawQuery = query.Encode()
	options, err := redis.ParseFailoverURL(u.String())
	if err != nil {
		return nil, err
	}
	err = cmp.Or(database(options.DB), bounded(&options.PoolSize, options.MinIdleConns, options.PipelinePoolSize),
		r.certificates.apply(options.TLSConfig))
	if err != nil {
		return nil, err
	}
	// Here the two pairs change places; above, the second one was taken out of the
	// parameters.
	options.Username, options.Password = options.SentinelUsername, options.SentinelPassword
	options.SentinelUsername, options.SentinelPassword = user, password
	options.ContextTimeoutEnabled, options.DisableIdentity = true, noIdentity
	return options, nil
}

// noIdentity is for every client's DisableIdentity, and [noMaintenanceNews] beside it where
// the client knows it.
//
// With each connection go-redis tells Redis its own name and version, by CLIENT SETINFO,
// and asks for news of maintenance, by CLIENT MAINT_NOTIFICATIONS. Users who may do little
// are refused both, once for each connection, so that what matters in ACL LOG is lost among
// them; and a list of users that allows the first, +client|setinfo, is refused by a Redis
// before 7.2, which does not know it. Nothing depends on either: whatever fails is tried
// again.
const noIdentity = true

// noMaintenanceNews is the setting for [noIdentity]'s second half. The options of a
// failover client have none: go-redis switches these news off there by itself.
func noMaintenanceNews() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// database refuses a number below 0, which go-redis takes for database 0: it sends SELECT
// only for numbers above. A list would be queued where no worker looks.
func database(number int) error {
	if number < 0 {
		return fmt.Errorf("there is no database %d: end it in a number from 0 on, such as /0", number)
	}
	return nil
}

// mostConnections bounds what a URL's pool_size and min_idle_conns may ask for: go-redis
// sets memory for the whole pool aside at once, and panics for numbers far above.
const mostConnections = 10_000

// bounded gives a pool at least [poolSize] connections, and refuses a URL that asks for
// more than [mostConnections] in any of its settings.
func bounded(pool *int, others ...int) error {
	if most := max(*pool, slices.Max(others)); most > mostConnections {
		return fmt.Errorf("%d connections are too many, at most %d are allowed", most, mostConnections)
	}
	*pool = max(*pool, poolSize)
	return nil
}
