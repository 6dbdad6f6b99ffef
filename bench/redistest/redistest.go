// Package redistest gives tests the Redis they run on: an embedded one for speed,
// and real servers, Redis or Valkey, started for the test alone, for what must be
// true.
package redistest

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"receiptrevoker/bench/redistest/redisserver"
	"receiptrevoker/bench/redistest/scale"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// RequireEnv names the environment variable that, set to 1, makes a test fail rather than skip where no
// redis-server is installed. CI sets it.
const RequireEnv = "REVOKER_REQUIRE_REDIS"

// One runs test on one Redis: on a server that [Start] starts, or on miniredis where none is installed.
// At full scale it runs test on miniredis and as [Each] does, as subtests named for the Redis that they
// got. It is for tests of what is decided in Go; what Redis itself must do is for [Each].
func One(t *testing.T, test func(t *testing.T, client *redis.Client)) {
	t.Helper()
	if scale.Full() {
		t.Run("miniredis", func(t *testing.T) {
			t.Parallel()
			test(t, Embedded(t))
		})
		Each(t, func(t *testing.T, server *Server) { test(t, server.Client(t)) })
		return
	}
	client := Embedded
	if installed, err := redisserver.Installed(); err == nil && len(installed) > 0 || os.Getenv(RequireEnv) == "1" {
		client = func(t testing.TB) *redis.Client { return Start(t).Client(t) }
	}
	test(t, client(t))
}

// Each runs test on a server of every program that [redisserver.Installed] finds, as subtests named for
// it and its version, with further arguments as [Start] takes them.
func Each(t *testing.T, test func(t *testing.T, server *Server), args ...string) {
	t.Helper()
	programs, err := redisserver.Installed()
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		t.Run(program.Name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			server, err := program.Start(t.Context(), dir, append(quiet(dir), args...)...)
			test(t, started(t, server, err))
		})
	}
	// Start skips the test or fails, as [RequireEnv] says.
	if len(programs) == 0 {
		t.Run("redis-server", func(t *testing.T) { test(t, Start(t, args...)) })
	}
}

// Embedded returns a client of an empty miniredis that ends with the test. miniredis runs in this
// process, so that the race detector sees its code, too, and scripts take ten times as long with it.
func Embedded(t testing.TB) *redis.Client {
	t.Helper()
	// A script over a thousand rows takes it seconds, with the race detector on a busy machine. A
	// client that gave up by then would send it again.
	return connect(t, &redis.Options{Addr: miniredis.RunT(t).Addr(), ReadTimeout: time.Minute})
}

// Server is a redis-server of a test's own.
type Server struct {
	// Addr is the host and port it listens on, the same after a restart.
	Addr string

	server *redisserver.Server
}

// Start starts an empty redis-server on a free port of the loopback interface, stopped when the test
// ends. Further arguments are given to it as they are, such as "--appendonly", "yes". Without
// redis-server the test is skipped, or fails if [RequireEnv] says so.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	server, err := redisserver.Start(t.Context(), dir, append(quiet(dir), args...)...)
	return started(t, server, err)
}

// quiet are the arguments of a server that keeps nothing, and logs to a file.
func quiet(dir string) []string {
	return []string{"--save", "", "--logfile", filepath.Join(dir, "redis.log")}
}

// started returns a server that is stopped when the test ends. The text of the skip has "redis-server",
// by which bench/gotest counts it.
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

// Up starts the server again after [Server.Kill], with what it kept on disk. Its context is none of the
// test's: a test that has ended still has to be able to restore its server.
func (s *Server) Up() error { return s.server.Up(context.Background()) }

// Kill ends the server with SIGKILL and waits for it.
func (s *Server) Kill() { s.server.Kill() }

// URL returns the server's address as a Redis URL, as --redis takes it.
func (s *Server) URL() string { return "redis://" + s.Addr + "/0" }

// Client returns a client of the server that is closed with the test.
func (s *Server) Client(t testing.TB) *redis.Client {
	t.Helper()
	return connect(t, &redis.Options{Addr: s.Addr})
}

// connect returns a client that is closed with the test. Its pool has room for many goroutines of a
// test; go-redis' default is ten for each core, which differs between machines.
func connect(t testing.TB, options *redis.Options) *redis.Client {
	options.PoolSize = 50
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// freePort returns the number of a port that is free, as text. Another process may take it before the
// caller does.
func freePort(t testing.TB) string {
	t.Helper()
	addr, err := redisserver.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(addr)
	return port
}
