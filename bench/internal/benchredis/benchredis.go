// Package benchredis runs a real redis-server for a measurement alone. miniredis would not do: what
// Redis takes is a part of every figure.
package benchredis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest/redisserver"
)

// Server is a redis-server of the measurement's own, with a client.
type Server struct {
	*redisserver.Server
	Client *redis.Client
}

// onDisk are the settings that README recommends: see "Real use" there, and deploy/redis.
var onDisk = []string{
	"--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction",
}

// OnDiskText describes the settings of every server to people. It stands in the notes above the table.
const OnDiskText = "appendonly yes, appendfsync everysec, maxmemory-policy noeviction"

// Start starts a redis-server as [redisserver.Start] does, with the settings that README recommends and then
// those that are given: of two equal ones the last counts. An error that matches
// [redisserver.ErrNotInstalled] says that there is none. The caller stops the server.
func Start(ctx context.Context, dir string, args ...string) (*Server, error) {
	server, err := redisserver.Start(ctx, dir, slices.Concat(onDisk, args)...)
	if errors.Is(err, redisserver.ErrNotInstalled) {
		return nil, fmt.Errorf("%w, and everything is measured on a real one", err)
	}
	if err != nil {
		return nil, err
	}
	return &Server{server, redis.NewClient(Options(server.Addr))}, nil
}

// Options are those of the program revoker, as far as they decide how fast it is: with another size of
// the pool, processors would wait for connections that they have in production. ContextTimeoutEnabled
// ends a command with its context.
func Options(addr string) *redis.Options {
	return &redis.Options{Addr: addr, PoolSize: 64, ContextTimeoutEnabled: true}
}

// Stop ends the server and closes the client.
func (s *Server) Stop() {
	_ = s.Client.Close()
	s.Server.Stop()
}

// Empty deletes everything in all databases. Scripts stay loaded, see FLUSHALL in Redis' documentation.
func (s *Server) Empty(ctx context.Context) error {
	if err := s.Client.FlushAll(ctx).Err(); err != nil {
		return fmt.Errorf("empty Redis: %w", err)
	}
	return nil
}

// CPU returns the CPU time that the server has used, its own and the kernel's, since it was started.
func (s *Server) CPU(ctx context.Context) (time.Duration, error) {
	return redisserver.CPU(ctx, s.Client)
}

// Memory returns how many bytes the server has allocated: used_memory of INFO, which leaves out
// what the allocator holds in reserve and so is nearly the same in every run.
func (s *Server) Memory(ctx context.Context) (int64, error) {
	info, err := s.Client.InfoMap(ctx, "memory").Result()
	if err != nil {
		return 0, fmt.Errorf("ask Redis for its memory: %w", err)
	}
	return strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
}
