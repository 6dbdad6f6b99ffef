package redisserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// ServersEnv names the environment variable that lists the programs to be found, as PATH lists
// directories: their paths, separated by colons. Without it the programs on PATH are found.
const ServersEnv = "REVOKER_REDIS_SERVERS"

// Program is a server that is installed.
type Program struct {
	Name string // and version, such as "redis-server-7.0.15" or "valkey-server-8.0.1"
	Path string
}

// Installed returns the programs that [ServersEnv] lists, or else every redis-server and valkey-server
// on PATH, of each version one. The first one is what [Start] starts. It looks once in the life of a
// process. A program of the list that cannot be run is an error, so that a proof on several servers
// does not silently become one on fewer.
var Installed = sync.OnceValues(func() ([]Program, error) {
	return find(os.Getenv(ServersEnv), os.Getenv("PATH"))
})

// find returns the programs of a list, or those in directories if the list is empty.
func find(list, dirs string) (found []Program, err error) {
	paths := filepath.SplitList(list)
	if len(paths) == 0 {
		paths = in(filepath.SplitList(dirs))
	}
	for _, path := range paths {
		p, err := identify(path)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(found, func(other Program) bool { return other.Name == p.Name }) {
			found = append(found, p)
		}
	}
	return found, nil
}

// fileName is the name of a server's file, with or without a version, such as redis-server-6.2. It
// keeps out what is named alike and is no server.
var fileName = regexp.MustCompile(`^(redis|valkey)-server(-?\d[\d.]*)?$`)

// in returns the servers in directories, those of Redis first: where both are installed, Redis is the
// one that tests run on.
func in(dirs []string) (paths []string) {
	for _, pattern := range []string{"redis-server*", "valkey-server*"} {
		for _, dir := range dirs {
			// Glob fails for a malformed pattern alone.
			files, _ := filepath.Glob(filepath.Join(dir, pattern))
			paths = append(paths, files...)
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		_, err := exec.LookPath(path)
		return err != nil || !fileName.MatchString(filepath.Base(path))
	})
}

// versionFormat is how a server tells what it is: "Redis server v=7.0.15 sha=…".
var versionFormat = regexp.MustCompile(`^(\w+) server v=([\d.]+)`)

// identify asks a program what it is, whatever its file is called: a file named redis-server may be
// a link to Valkey.
func identify(path string) (Program, error) {
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return Program{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	told := versionFormat.FindSubmatch(out)
	if told == nil {
		return Program{}, fmt.Errorf("%s --version says %q, which is no version of Redis or Valkey", path, out)
	}
	return Program{Name: fmt.Sprintf("%s-server-%s", strings.ToLower(string(told[1])), told[2]), Path: path}, nil
}

// first returns the program that is started where none is named, or [ErrNotInstalled].
func first() (Program, error) {
	found, err := Installed()
	if err == nil && len(found) == 0 {
		err = ErrNotInstalled
	}
	if err != nil {
		return Program{}, err
	}
	return found[0], nil
}
