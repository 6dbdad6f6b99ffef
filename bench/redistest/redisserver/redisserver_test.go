package redisserver_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/redisserver"
)

// start starts a server that is stopped with the test, which is skipped without
// redis-server unless one is required.
func start(t *testing.T, args ...string) (*redisserver.Server, error) {
	t.Helper()
	s, err := redisserver.Start(t.Context(), "", args...)
	if errors.Is(err, redisserver.ErrNotInstalled) && os.Getenv(redistest.RequireEnv) != "1" {
		t.Skip(err)
	}
	if err == nil {
		t.Cleanup(s.Stop)
	}
	return s, err
}

func TestServerComesBackWithWhatItKept(t *testing.T) {
	t.Parallel()
	s, err := start(t, "--appendonly", "yes", "--appendfsync", "always")
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer client.Close()
	if err := client.Set(t.Context(), "key", "kept", 0).Err(); err != nil {
		t.Fatal(err)
	}
	addr := s.Addr
	s.Kill()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Error("a server that was killed answers")
	}
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := client.Get(t.Context(), "key").Result()
	if got != "kept" || err != nil || s.Addr != addr || s.Version == "" {
		t.Errorf("got %q, %v from version %q at %s; want what was kept, at %s", got, err, s.Version, s.Addr, addr)
	}
}

func TestStopRemovesTheTemporaryDirectory(t *testing.T) {
	t.Parallel()
	s, err := start(t, "--save", "")
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: s.Addr})
	defer client.Close()
	dir := client.ConfigGet(t.Context(), "dir").Val()["dir"]
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: got %v, want that it is gone", dir, err)
	}
}

func TestServerThatCannotStartIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := start(t, "--no-such-setting", "1"); err == nil || !strings.Contains(err.Error(), "ended at once") {
		t.Errorf("got %v, want an error that says that it ended", err)
	}
}
