// Package redistest gives tests the Redis they run on: an embedded one for
// speed, and a real redis-server, started for the test alone, for what must be
// true.
package redistest

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"receiptrevoker/tasks/redistest/redisserver"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// RequireEnv names the environment variable that, set to 1, makes a test fail
// rather than skip where no redis-server is installed.
const RequireEnv = "REVOKER_REQUIRE_REDIS"

// Both runs test twice, as subtests named for the Redis they were given: one
// with miniredis, one with a redis-server.
func Both(t *testing.T, test func(t *testing.T, client *redis.Client)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) {
		t.Parallel()
		test(t, Embedded(t))
	})
	t.Run("redis-server", func(t *testing.T) {
		t.Parallel()
		test(t, Start(t).Client(t))
	})
}

// Embedded returns a client of an empty miniredis that ends with the test.
func Embedded(t testing.TB) *redis.Client {
	t.Helper()
	return connect(t, miniredis.RunT(t).Addr())
}

// Server is a redis-server of a test's own.
type Server struct {
	// Addr is the host and port it listens on, the same after a restart.
	Addr string

	server *redisserver.Server
}

// Start starts an empty redis-server on a free port of the loopback interface,
// stopped when the test ends. Further arguments are given to it as they are,
// such as "--appendonly", "yes". Without redis-server the test is skipped, or
// fails if [RequireEnv] says so.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	args = append([]string{"--save", "", "--logfile", filepath.Join(dir, "redis.log")}, args...)
	server, err := redisserver.Start(t.Context(), dir, args...)
	return started(t, server, err)
}

// started returns a server that is stopped when the test ends.
func started(t testing.TB, server *redisserver.Server, err error) *Server {
	t.Helper()
	if errors.Is(err, redisserver.ErrNotInstalled) {
		if os.Getenv(RequireEnv) == "1" {
			t.Fatalf("%s=1, but %v", RequireEnv, err)
		}
		t.Skipf("%v; the tests on a real Redis need it", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return &Server{Addr: server.Addr, server: server}
}

// Up starts the server again after [Server.Kill], with what it kept on disk.
func (s *Server) Up() error { return s.server.Up(context.Background()) }

// Kill ends the server with SIGKILL and waits for it.
func (s *Server) Kill() { s.server.Kill() }

// URL returns the server's address as a Redis URL.
func (s *Server) URL() string { return "redis://" + s.Addr + "/0" }

// Client returns a client of the server that is closed with the test.
func (s *Server) Client(t testing.TB) *redis.Client {
	t.Helper()
	return connect(t, s.Addr)
}

func connect(t testing.TB, addr string) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: addr, PoolSize: 50})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// freePort returns the number of a port that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	addr, err := redisserver.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	return port
}
