package doctor_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/doctor"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// wanted is a finding: its level and part of what it says.
type wanted struct {
	level doctor.Level
	text  string
}

// findings are what was found, by check and, where there are several, by node.
type findings map[string]doctor.Finding

func (f findings) want(t *testing.T, check string, want wanted) {
	t.Helper()
	got, told := f[check]
	if !told || got.Level != want.level || !strings.Contains(got.Found+" "+got.Mend, want.text) {
		t.Errorf("%s: got %+v, want %s: %s", check, got, want.level, want.text)
	}
	if (got.Level == doctor.Warning || got.Level == doctor.Failure) && got.Mend == "" {
		t.Errorf("%s does not say how to mend %q", check, got.Found)
	}
}

// quiet sees to it that nothing but the named checks is a warning or worse.
func (f findings) quiet(t *testing.T, but ...string) {
	t.Helper()
	for check, finding := range f {
		excepted := strings.Contains(" "+strings.Join(but, " ")+" ", " "+check+" ")
		if !excepted && (finding.Level == doctor.Warning || finding.Level == doctor.Failure) {
			t.Errorf("not expected: %+v", finding)
		}
	}
}

// config returns what is examined of a Redis.
func config(client redis.UniversalClient) doctor.Config {
	return doctor.Config{
		Redis: client, Outcomes: outcome.NewStore(client, outcome.Config{}),
		Reach: func(ctx context.Context) error { return client.Ping(ctx).Err() },
	}
}

// asUser returns a client of a server as a user with the rights that the rules give besides all
// keys and channels.
func asUser(t *testing.T, server *redistest.Server, user, rules string) redis.UniversalClient {
	t.Helper()
	words := []any{"acl", "setuser", user, "on", ">pw", "~*", "&*"}
	for _, word := range strings.Fields(rules) {
		words = append(words, word)
	}
	if err := server.Client(t).Do(t.Context(), words...).Err(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: user, Password: "pw"})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func examine(t *testing.T, config doctor.Config) findings {
	t.Helper()
	all := make(findings)
	for f := range doctor.Examine(t.Context(), config) {
		all[f.Check] = f
	}
	return all
}

// examineServer starts a redis-server with the arguments and examines it.
func examineServer(t *testing.T, args ...string) findings {
	t.Helper()
	return examine(t, config(redistest.Start(t, args...).Client(t)))
}

// api returns a client of a simulated PortOne with these credentials.
func api(t *testing.T, key, secret iamport.Secret) *iamport.Client {
	t.Helper()
	portone := iamporttest.New(iamporttest.Config{})
	server := httptest.NewServer(portone)
	t.Cleanup(func() {
		server.Close()
		_ = portone.Close()
	})
	return newAPI(t, iamport.Config{URL: server.URL, Key: key, Secret: secret})
}

func newAPI(t *testing.T, config iamport.Config) *iamport.Client {
	t.Helper()
	client, err := iamport.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestNothingIsWrong(t *testing.T) {
	t.Parallel()
	c := config(redistest.Start(t, "--appendonly", "yes").Client(t))
	c.API = api(t, iamporttest.DefaultKey, iamporttest.DefaultSecret)
	found := examine(t, c)
	found.quiet(t)
	for check, text := range map[string]string{
		"version": "Redis ", "persistence": "every second", "eviction": "noeviction", "writes": "takes writes",
		"credentials": "accepts", "queues": "0 tasks wait", "overdue": "0 requests are open",
	} {
		found.want(t, check, wanted{doctor.OK, text})
	}
}

func TestRedisCannotBeReached(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	c := config(server.Client(t))
	c.API = api(t, iamporttest.DefaultKey, iamporttest.DefaultSecret)
	found := examine(t, c)
	found.want(t, "reach", wanted{doctor.Failure, "refused"})
	found.want(t, "credentials", wanted{doctor.OK, "accepts"})
	if len(found) != 3 { // portone is told of apart from the credentials
		t.Errorf("got %d findings, want those on the way to Redis and on PortOne: %v", len(found), found)
	}
}

func TestExaminationEndsWhenNobodyListens(t *testing.T) {
	t.Parallel()
	n := 0
	for range doctor.Examine(t.Context(), config(redistest.Start(t).Client(t))) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("got %d findings, want 1", n)
	}
}
