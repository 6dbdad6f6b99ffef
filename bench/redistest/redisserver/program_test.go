package redisserver_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/bench/redistest/redisserver"
)

func TestProgramsAreFound(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	program := func(dir, name, says string) string {
		path := filepath.Join(dir, name)
		script := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = --version ] && echo '%s'\n", says)
		if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	redis7 := program(dir, "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
	redis6 := program(dir, "redis-server-6.2", "Redis server v=6.2.16 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64")
	valkey := program(dir, "valkey-server", "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
	program(other, "redis-server", "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")
	program(other, "redis-server.sh", "never asked")
	if err := os.WriteFile(filepath.Join(other, "valkey-server-9"), nil, 0o600); err != nil { // nobody may run it
		t.Fatal(err)
	}
	silent := program(other, "silent", "")
	all := []redisserver.Program{
		{Name: "redis-server-7.0.15", Path: redis7},
		{Name: "redis-server-6.2.16", Path: redis6},
		{Name: "valkey-server-8.0.1", Path: valkey},
	}
	for name, test := range map[string]struct {
		list, dirs []string
		want       []redisserver.Program
		err        string
	}{
		"on PATH":      {nil, []string{dir, other}, all, ""},
		"nowhere":      {nil, []string{t.TempDir()}, nil, ""},
		"listed":       {[]string{valkey, redis7}, []string{other}, []redisserver.Program{all[2], all[0]}, ""},
		"not there":    {[]string{"/nowhere/redis-server"}, nil, nil, "/nowhere/redis-server"},
		"not a server": {[]string{silent}, nil, nil, "no version of Redis or Valkey"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			separator := string(os.PathListSeparator)
			got, err := redisserver.Find(strings.Join(test.list, separator), strings.Join(test.dirs, separator))
			if diff := cmp.Diff(test.want, got); diff != "" || (err == nil) != (test.err == "") {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, want an error about %s", err, test.err)
			}
		})
	}
}
