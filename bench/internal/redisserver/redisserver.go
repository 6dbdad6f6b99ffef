// Package redisserver runs a real redis-server for a measurement alone.
package redisserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/internal/loopback"
)

// Server is a redis-server on a port of its own, empty when it starts.
type Server struct {
	Addr    string // host and port, the same after a restart
	Version string
	Client  *redis.Client

	path   string
	args   []string
	dir    string // removed in the end; empty if it is the caller's
	cmd    *exec.Cmd
	exited chan struct{}
}

// ErrNotInstalled is matched where no redis-server is installed.
var ErrNotInstalled = errors.New("redis-server is not installed, and everything is measured on a real one")

// InMemory are the arguments of a server that writes nothing to disk.
var InMemory = []string{"--save", "", "--appendonly", "no"}

// Start starts a redis-server with its files in dir, or in a temporary
// directory if dir is empty, and with further arguments as they are. The caller
// stops it.
func Start(ctx context.Context, dir string, args ...string) (*Server, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNotInstalled
	}
	for range 5 { // another process may take the port in between
		var s *Server
		if s, err = try(ctx, path, dir, args); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("start redis-server: %w", err)
}

func try(ctx context.Context, path, dir string, args []string) (*Server, error) {
	addr, err := loopback.FreeAddr()
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: addr, Client: redis.NewClient(Options(addr)), path: path}
	if dir == "" {
		if s.dir, err = os.MkdirTemp("", "bench-redis-"); err != nil {
			return nil, err
		}
		dir = s.dir
	}
	host, port, _ := net.SplitHostPort(addr)
	s.args = append([]string{"--bind", host, "--port", port, "--dir", dir}, args...)
	if err := s.Up(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Options are those of the program revoker.
func Options(addr string) *redis.Options {
	return &redis.Options{Addr: addr, PoolSize: 64, ContextTimeoutEnabled: true}
}

// Up starts the server again after [Server.Kill], with what it kept on disk,
// and returns once it answers.
func (s *Server) Up(ctx context.Context) error {
	s.cmd = exec.Command(s.path, s.args...)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(s.cmd, s.exited)
	return s.await(ctx)
}

// await waits until the server answers and has read its files, and sees to it
// that the one who answers is the one that was started: what it holds is going
// to be deleted.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		info, err := s.Client.InfoMap(ctx, "server", "persistence").Result()
		if err == nil && info["Persistence"]["loading"] == "0" &&
			info["Server"]["process_id"] == strconv.Itoa(s.cmd.Process.Pid) {
			s.Version = info["Server"]["redis_version"]
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("redis-server on %s ended at once: %s", s.Addr, s.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("redis-server on %s does not answer: %w", s.Addr, errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Empty deletes everything.
func (s *Server) Empty(ctx context.Context) error {
	if err := s.Client.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("empty Redis: %w", err)
	}
	return nil
}

// CPU returns the CPU time that the server has used, its own and the kernel's.
func (s *Server) CPU(ctx context.Context) (time.Duration, error) {
	info, err := s.Client.InfoMap(ctx, "cpu").Result()
	if err != nil {
		return 0, fmt.Errorf("CPU time of Redis: %w", err)
	}
	var sum time.Duration
	for _, field := range []string{"used_cpu_user", "used_cpu_sys"} {
		used, err := time.ParseDuration(info["CPU"][field] + "s")
		if err != nil {
			return 0, fmt.Errorf("CPU time of Redis: %s: %w", field, err)
		}
		sum += used
	}
	return sum, nil
}

// Kill ends the server with SIGKILL and waits for it. It does nothing to one
// that has ended.
func (s *Server) Kill() {
	if s.exited == nil {
		return // never started
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Stop ends the server and removes its temporary directory.
func (s *Server) Stop() {
	_ = s.Client.Close()
	s.Kill()
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
