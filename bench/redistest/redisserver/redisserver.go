// Package redisserver runs real servers, Redis or Valkey, on the loopback interface, for
// tests and for measurements.
package redisserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	deployment "receiptrevoker/deploy/redis"
	"receiptrevoker/tasks/redisfault"
)

// Server is a Redis on a port of its own, empty when it starts.
type Server struct {
	Addr    string // host and port, the same after a restart
	Version string // empty if it does not say without a password

	path   string
	args   []string
	files  string // where it keeps them; empty if it was told so in its arguments
	dir    string // removed in the end; empty if it is the caller's
	cmd    *exec.Cmd
	exited chan struct{}
}

// ErrNotInstalled is matched by the errors of [Start] and [Run] where no server is installed.
var ErrNotInstalled = errors.New("neither redis-server nor valkey-server is installed")

// Start starts the first program of [Installed] as [Program.Start] does.
func Start(ctx context.Context, dir string, args ...string) (*Server, error) {
	program, err := first()
	if err != nil {
		return nil, err
	}
	return program.Start(ctx, dir, args...)
}

// Start starts a server on a free port with its files in dir, or in a temporary directory if dir is
// empty, and with further arguments as they are. It returns once the server answers; the caller stops
// it.
func (p Program) Start(ctx context.Context, dir string, args ...string) (s *Server, err error) {
	s = &Server{path: p.Path}
	if dir == "" {
		if s.dir, err = os.MkdirTemp("", "redis-server-"); err != nil {
			return nil, err
		}
		dir = s.dir
	}
	s.files = dir
	// Another process may take the port before the server does, so that it is tried again with another.
	for range 5 {
		if s.Addr, err = FreeAddr(); err != nil {
			break
		}
		host, port, _ := net.SplitHostPort(s.Addr)
		s.args = append([]string{"--bind", host, "--port", port, "--dir", dir}, args...)
		if err = s.Up(ctx); err == nil {
			return s, nil
		}
	}
	s.Stop()
	return nil, fmt.Errorf("start %s: %w", p.Name, err)
}

// Run starts the first program with these arguments alone, which make it listen on addr: a Sentinel,
// for one. It knows of no files, so that [Server.Up] mends none.
func Run(ctx context.Context, addr string, args ...string) (*Server, error) {
	program, err := first()
	if err != nil {
		return nil, err
	}
	s := &Server{Addr: addr, path: program.Path, args: args}
	return s, s.Up(ctx)
}

// FreeAddr returns a host and port at which no program listens. Another process may take it before the
// caller does.
func FreeAddr() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// Up starts the server again after [Server.Kill], with what it kept on disk, and returns once it
// answers. The append-only file is mended first, as it is where revoker is deployed. A server that does
// not answer is killed.
func (s *Server) Up(ctx context.Context) error {
	if err := s.mend(ctx); err != nil {
		return err
	}
	s.cmd = exec.Command(s.path, s.args...)
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exited = make(chan struct{})
	// The goroutine has values of its own: a later Up sets the fields anew.
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(s.cmd, s.exited)
	err := s.await(ctx)
	if err != nil {
		s.Kill()
	}
	return err
}

// mend takes an unfinished write off the append-only file, by the script that deploy/redis/mend-aof is.
// A server that was killed in the middle of a write leaves half of a transaction, which the restart
// after next carries out.
func (s *Server) mend(ctx context.Context) error {
	if s.files == "" {
		return nil
	}
	mend := exec.CommandContext(ctx, "sh", "-c", deployment.MendAOF, "mend-aof", s.files)
	mend.Env = os.Environ()
	// The program that checks files has to be of the server's version. It is installed beside the
	// server: redis-check-aof beside redis-server. Without it the script takes the one on PATH.
	folder, name := filepath.Split(s.path)
	if check := folder + strings.Replace(name, "-server", "-check-aof", 1); check != s.path {
		if _, err := os.Stat(check); err == nil {
			mend.Env = append(mend.Env, "CHECK_AOF="+check)
		}
	}
	if out, err := mend.CombinedOutput(); err != nil {
		return fmt.Errorf("mend the append-only file: %w: %s", err, out)
	}
	return nil
}

// await waits until the server answers and has read its files, for up to ten seconds.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	// No retries by the client: a refused connection is usual here, and the loop below asks again
	// sooner.
	client := redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, ContextTimeoutEnabled: true})
	defer client.Close()
	for {
		ready, err := s.ready(ctx, client)
		if ready {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("redis-server on %s ended at once: %s", s.Addr, s.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("redis-server on %s does not answer: %w", s.Addr, errors.Join(ctx.Err(), err))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// ready reports whether the server answers and has read its files, and whether it is the one that was
// started, by its process ID. Tests delete all that it holds: a server of another's on the same port
// must not be taken for it.
func (s *Server) ready(ctx context.Context, client *redis.Client) (bool, error) {
	info, err := client.InfoMap(ctx).Result()
	if err != nil {
		// A server that asks for a password answers, too: a test of users of Redis has told it so.
		return redisfault.Of(err) == redisfault.NoAuth, err
	}
	s.Version = info["Server"]["redis_version"]
	return info["Server"]["process_id"] == strconv.Itoa(s.cmd.Process.Pid) &&
		info["Persistence"]["loading"] != "1", nil
}

// Kill ends the server with SIGKILL, as where the kernel is out of memory, and waits for it. It
// does nothing to one that has ended.
func (s *Server) Kill() {
	if s.exited == nil {
		return // never started
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Stop ends the server and removes its temporary directory. What a test wanted from its files must have
// been read by then.
func (s *Server) Stop() {
	s.Kill()
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
