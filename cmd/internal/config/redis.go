package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/pflag"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redisfault"
)

// Redis is where tasks and outcomes are kept.
type Redis struct {
	URL       string
	Namespace string
	TTL       time.Duration

	certificates certificates
}

// Flags registers the settings.
func (r *Redis) Flags(f *pflag.FlagSet) {
	f.StringVar(&r.URL, "redis", "", "`URL` of Redis: redis:// rediss:// redis-socket:// redis-sentinel:// "+
		"redis-cluster:// rediss-cluster://; with a password, only in the environment or a file")
	envOrFile(f, "redis", "REDIS_URL")
	r.certificates.flags(f)
	f.StringVar(&r.Namespace, "namespace", outcome.DefaultNamespace, "`word` before every key of outcomes in Redis")
	env(f, "namespace", "REVOKER_NAMESPACE")
	f.DurationVar(&r.TTL, "outcome-ttl", outcome.DefaultTTL, "how long what a command writes lives after its last change")
	env(f, "outcome-ttl", "REVOKER_OUTCOME_TTL")
	for _, flag := range []string{"redis", "redis-ca", "redis-cert", "redis-key", "namespace", "outcome-ttl"} {
		_ = f.SetAnnotation(flag, annotationRedis, nil)
	}
}

// FindsRedis reports whether a flag is one of [Redis.Flags].
func FindsRedis(flag *pflag.Flag) bool {
	_, is := flag.Annotations[annotationRedis]
	return is
}

// Outcomes returns the settings of the outcome store.
func (r *Redis) Outcomes() outcome.Config {
	return outcome.Config{Namespace: r.Namespace, TTL: r.TTL}
}

// Open returns a client, which the caller closes. It does not connect yet. The
// error says what is wrong with the settings, without the password.
func (r *Redis) Open() (redis.UniversalClient, error) {
	r.URL = strings.TrimSpace(r.URL)
	switch {
	case r.URL == "":
		return nil, errors.New("no Redis is given: set REDIS_URL or --redis, such as redis://127.0.0.1:6379/0")
	case r.Namespace == "" || strings.ContainsAny(r.Namespace, "{}[]*?\\/ \t\r\n"):
		return nil, fmt.Errorf("--namespace %q must be a word without blanks, slashes, braces, brackets, * and ?", r.Namespace)
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
	client.AddHook(redisfault.Renew{})
	return client, nil
}

// poolSize is how many connections a client may have open. A slot of the
// worker holds one only while Redis answers.
const poolSize = 64

// open returns the client that a URL's scheme asks for.
func (r *Redis) open(raw string) (redis.UniversalClient, error) {
	if strings.ContainsAny(raw, " \t\r\n") {
		return nil, errors.New("it has a blank or a line break in it, perhaps of the password's file")
	}
	scheme, rest, _ := strings.Cut(raw, "://")
	if at := strings.LastIndex(rest, "@"); at >= 0 && strings.ContainsAny(rest[:at], "/?#") {
		return nil, errors.New("it is malformed; a password's special characters are written as %XX, an @ after the host as %40")
	}
	if err := ports(rest); err != nil && !strings.HasPrefix(rest, "/") { // the path of a socket has none
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
		"redis-cluster:// or rediss-cluster://")
}

// portPattern is a port of an address. There may be several addresses, and one of IPv6 in brackets.
var portPattern = regexp.MustCompile(`:([0-9]+)(?:[,/?#]|$)`)

// ports returns an error for a port that none can be. The client would take it for a Redis
// that is away, and wait.
func ports(rest string) error {
	for _, found := range portPattern.FindAllStringSubmatch(rest[strings.LastIndex(rest, "@")+1:], -1) {
		if port, err := strconv.ParseUint(found[1], 10, 16); err != nil || port == 0 {
			return fmt.Errorf("its port %s must be between 1 and 65535", found[1])
		}
	}
	return nil
}

func (r *Redis) single(raw string) (redis.UniversalClient, error) {
	options, err := redis.ParseURL(raw)
	if err != nil {
		return nil, err
	}
	if err := database(options.DB); err != nil {
		return nil, err
	}
	if err := bounded(&options.PoolSize, options.MinIdleConns, options.PipelinePoolSize); err != nil {
		return nil, err
	}
	if err := r.certificates.apply(options.TLSConfig); err != nil {
		return nil, err
	}
	options.ContextTimeoutEnabled, options.DisableIdentity = true, noIdentity
	options.MaintNotificationsConfig = noMaintenanceNews()
	return redis.NewClient(options), nil
}

func (r *Redis) cluster(raw string) (redis.UniversalClient, error) {
	options, err := redis.ParseClusterURL(addresses(raw))
	if err != nil {
		return nil, err
	}
	if err := bounded(&options.PoolSize, options.MinIdleConns, options.PipelinePoolSize); err != nil {
		return nil, err
	}
	if err := r.certificates.apply(options.TLSConfig); err != nil {
		return nil, err
	}
	options.ContextTimeoutEnabled, options.DisableIdentity = true, noIdentity
	options.MaintNotificationsConfig = noMaintenanceNews()
	return redis.NewClusterClient(options), nil
}

// database refuses a number below 0, which go-redis takes for database 0.
func database(number int) error {
	if number < 0 {
		return fmt.Errorf("there is no database %d: end it in a number from 0 on, such as /0", number)
	}
	return nil
}

// mostConnections bounds what a URL may ask for: go-redis panics far above.
const mostConnections = 10_000

// bounded gives a pool at least our size, and refuses what is out of bounds.
func bounded(pool *int, others ...int) error {
	if most := max(*pool, slices.Max(others)); most > mostConnections {
		return fmt.Errorf("%d connections are too many, at most %d are allowed", most, mostConnections)
	}
	*pool = max(*pool, poolSize)
	return nil
}

// addresses turns a list of hosts with commas, as people write it, into the
// addr parameters that go-redis reads.
func addresses(raw string) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	user, hosts := "", authority
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, hosts = authority[:at+1], authority[at+1:]
	}
	first, others, _ := strings.Cut(hosts, ",")
	if others != "" {
		separator := "?"
		if strings.Contains(tail, "?") {
			separator = "&"
		}
		for other := range strings.SplitSeq(others, ",") {
			tail += separator + "addr=" + url.QueryEscape(other)
			separator = "&"
		}
	}
	return scheme + "://" + user + first + tail
}

// holdsPassword reports whether a URL of Redis, also a malformed one, has a
// password in it: beside its user, or a parameter such as sentinel_password.
func holdsPassword(raw string) bool {
	_, rest, _ := strings.Cut(raw, "://")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		if _, password, _ := strings.Cut(rest[:at], ":"); password != "" {
			return true
		}
	}
	return strings.Contains(rest, "password=")
}

// withoutURL returns the reason alone of an error that repeats the URL, which
// may hold a password.
func withoutURL(err error) error {
	var malformed *url.Error
	if errors.As(err, &malformed) {
		return errors.New("it is malformed; a password's special characters are written as %XX")
	}
	return err
}
