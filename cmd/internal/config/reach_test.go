package config_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks/redisfault"
)

// reach returns what a URL comes to.
func reach(t *testing.T, url string) error {
	t.Helper()
	settings := config.Redis{URL: url, Namespace: "receipt", TTL: 1}
	client, err := settings.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	return settings.Reach(t.Context(), client)
}

// A Redis that is far away answers later than it is examined.
func TestFarRedisIsReached(t *testing.T) {
	t.Parallel()
	line := redistest.NewProxy(t, redistest.Start(t).Addr)
	line.Delay(500 * time.Millisecond)
	if err := reach(t, "redis://"+line.Addr); err != nil {
		t.Error(err)
	}
}

func TestRedisBehindSentinelsIsReached(t *testing.T) {
	t.Parallel()
	sentinels := redistest.StartSentinels(t, redistest.Start(t), 1, 0)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	both := strings.Replace(sentinels.URL(), "://", "://"+gone.Addr().String()+",", 1)
	for _, url := range []string{sentinels.URL(), both} {
		if err := reach(t, url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// What a server says before it closes a connection is heard; whether waiting helps is
// told apart.
func TestServerThatAcceptsNobody(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		says, want string
		permanent  bool
	}{
		"protected mode": {"-DENIED Redis is running in protected mode because\r\n", "redis is in protected mode: DENIED", true},
		"full":           {"-ERR max number of clients reached\r\n", "redis accepts no more connections: ERR max", false},
		"a proxy's":      {"-ERR no backend\r\n", "redis does not answer (is it running, and is REDIS_URL right?): ERR no backend", false},
		"no word":        {"", "redis does not answer (is it running", false},
		"slot moves":     {"-TRYAGAIN Multiple keys\r\n", "redis refuses a command: TRYAGAIN", false},
		"no Redis":       {"HTTP/1.1 400 Bad Request\r\n\r\n", " is an HTTP server and no Redis", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := reach(t, "redis://"+closing(t, test.says))
			if err == nil || !strings.Contains(err.Error(), test.want) || redisfault.Permanent(err) != test.permanent {
				t.Errorf("got %v, permanent %t", err, redisfault.Permanent(err))
			}
		})
	}
}

// Whoever is told that nothing is there is told what to do, and that waiting helps.
func TestNoConnectionHasAdvice(t *testing.T) {
	t.Parallel()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for url, want := range map[string]string{
		"redis://" + gone.Addr().String():                         "start Redis, or make the Redis URL name the host and port",
		"redis-socket://" + filepath.Join(t.TempDir(), "no.sock"): "start Redis, or make the Redis URL name the file",
		"redis://host.invalid:6379":                               "make the Redis URL name a host",
		"redis-cluster://" + gone.Addr().String():                 "start Redis, or make the Redis URL name the host and port",
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			err := reach(t, url)
			if got := redisfault.Advice(err); !strings.HasPrefix(got, want) || redisfault.Permanent(err) {
				t.Errorf("got %v, permanent %t: %q", err, redisfault.Permanent(err), got)
			}
		})
	}
}

// closing returns the address of a server that says something to everybody and closes
// the connection.
func closing(t *testing.T, says string) (addr string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // closed
			}
			_, _ = connection.Write([]byte(says))
			connection.Close()
		}
	}()
	return listener.Addr().String()
}
