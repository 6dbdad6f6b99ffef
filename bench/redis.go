package main

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
)

// redisServer is a redis-server of this program's own, empty and in memory.
type redisServer struct {
	addr    string
	version string
	client  *redis.Client

	cmd    *exec.Cmd
	exited chan struct{}
	dir    string
}

// errNoRedis is matched where no redis-server is installed.
var errNoRedis = errors.New("redis-server is not installed, and everything is measured on a real one")

// startRedis starts a redis-server on a free port of the loopback interface.
// The caller stops it.
func startRedis(ctx context.Context) (*redisServer, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errNoRedis
	}
	for range 5 { // another process may take the port in between
		var s *redisServer
		if s, err = tryRedis(ctx, path); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("start redis-server: %w", err)
}

func tryRedis(ctx context.Context, path string) (*redisServer, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-redis-")
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(addr)
	s := &redisServer{
		addr: addr, dir: dir, client: redis.NewClient(redisOptions(addr)), exited: make(chan struct{}),
		cmd: exec.Command(path, "--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "no"),
	}
	if err := s.cmd.Start(); err != nil {
		close(s.exited)
		s.stop()
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.exited)
	}()
	if err := s.await(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// redisOptions are those of the program revoker.
func redisOptions(addr string) *redis.Options {
	return &redis.Options{Addr: addr, PoolSize: 64, ContextTimeoutEnabled: true}
}

func freeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// await waits until the server answers, and sees to it that the one who answers
// is the one that was started: what it holds is going to be deleted.
func (s *redisServer) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		info, err := s.client.InfoMap(ctx, "server").Result()
		if err == nil && info["Server"]["process_id"] == strconv.Itoa(s.cmd.Process.Pid) {
			s.version = info["Server"]["redis_version"]
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("redis-server on %s ended at once: %s", s.addr, s.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("redis-server on %s does not answer: %w", s.addr, errors.Join(ctx.Err(), err))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// empty deletes everything.
func (s *redisServer) empty(ctx context.Context) error {
	if err := s.client.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("empty Redis: %w", err)
	}
	return nil
}

// stop ends the server and removes what it left.
func (s *redisServer) stop() {
	_ = s.client.Close()
	if s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
	}
	<-s.exited
	_ = os.RemoveAll(s.dir)
}
