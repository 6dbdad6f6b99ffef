// Package redistest gives tests the Redis they run on: an embedded one for
// speed, and a real redis-server, started for the test alone, for what must be
// true.
package redistest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

	args []string
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts an empty redis-server on a free port of the loopback interface,
// stopped when the test ends. Further arguments are given to it as they are,
// such as "--appendonly", "yes". Without redis-server the test is skipped, or
// fails if [RequireEnv] says so.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv(RequireEnv) == "1" {
			t.Fatalf("%s=1, but redis-server is not installed: %v", RequireEnv, err)
		}
		t.Skip("redis-server is not installed; the tests on a real Redis need it")
	}
	dir := t.TempDir()
	var err error
	for range 5 { // another process may take the port in between
		port := freePort(t)
		s := &Server{
			Addr: fmt.Sprintf("127.0.0.1:%d", port),
			args: append([]string{
				"--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--dir", dir,
				"--save", "", "--logfile", filepath.Join(dir, "redis.log"),
			}, args...),
		}
		if err = s.Up(); err == nil {
			t.Cleanup(s.Kill)
			return s
		}
	}
	t.Fatalf("start redis-server: %v", err)
	return nil
}

// StartCluster starts a Redis Cluster of one node, which holds all slots and
// refuses what touches more than one of them at a time.
func StartCluster(t testing.TB) *redis.ClusterClient {
	t.Helper()
	s := Start(t, "--cluster-enabled", "yes")
	node := s.Client(t)
	if err := node.Do(t.Context(), "cluster", "addslotsrange", 0, 16383).Err(); err != nil {
		t.Fatalf("give the cluster its slots: %v", err)
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{s.Addr}})
	t.Cleanup(func() { _ = client.Close() })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := client.Set(t.Context(), "ready", 1, 0).Err()
		if err == nil {
			return client
		}
		if time.Now().After(deadline) {
			t.Fatalf("the cluster did not come up: %v", err)
		}
	}
}

// Up starts the server again after [Server.Kill], with what it kept on disk.
func (s *Server) Up() error {
	s.cmd = exec.Command("redis-server", s.args...)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait()
		close(done)
	}(s.cmd, s.done)

	client := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1})
	defer client.Close()
	deadline := time.After(10 * time.Second)
	for {
		if s.answers(client) {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("redis-server on %s ended at once: %s", s.Addr, s.cmd.ProcessState)
		case <-deadline:
			s.Kill()
			return fmt.Errorf("redis-server on %s did not answer in 10s", s.Addr)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// answers reports whether this very server answers: another process may have
// taken the port in between.
func (s *Server) answers(client *redis.Client) bool {
	info, err := client.Info(context.Background(), "server").Result()
	if err != nil {
		return strings.HasPrefix(err.Error(), "NOAUTH")
	}
	return strings.Contains(info, fmt.Sprintf("\nprocess_id:%d\r", s.cmd.Process.Pid))
}

// Kill ends the server with SIGKILL and waits for it.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

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

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
