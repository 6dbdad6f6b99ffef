// Package postgres runs a real Postgres, for the rival in the benchmark that needs one.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"receiptrevoker/tasks/wait"
)

// ErrNotInstalled says that there is no Postgres. The measurement then leaves the rival out and says
// so.
var ErrNotInstalled = errors.New("no Postgres is installed")

// SettingsText is how people are told how a server is set. synchronous_commit off is what comes closest
// to Redis with appendfsync everysec: both confirm a write before it is on disk, and may lose the last
// moment.
const SettingsText = "synchronous_commit off, shared_buffers 256 MB"

// Server is a Postgres with an empty database.
type Server struct {
	// URL is how clients connect to it.
	URL string

	dir string
	cmd *exec.Cmd
}

// Installed returns the directory of the newest Postgres that is installed, as Debian does it, or on
// PATH. Debian keeps the server's programs out of PATH, since several versions may be installed.
func Installed() (bin string, err error) {
	// Glob fails for a malformed pattern alone.
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) == 0 {
		path, err := exec.LookPath("postgres")
		if err != nil {
			return "", ErrNotInstalled
		}
		found = []string{path}
	}
	return filepath.Dir(found[0]), nil
}

// version returns the version in the path of a program: 15 of /usr/lib/postgresql/15/bin/postgres.
func version(path string) int {
	// What is no number counts as 0 and comes last.
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// Start starts a server with a new database in a directory of its own, on a free port of the loopback
// interface, and waits until it accepts connections. The caller stops it.
func Start(ctx context.Context) (s *Server, err error) {
	bin, err := Installed()
	if err != nil {
		return nil, err
	}
	s = &Server{}
	if s.dir, err = os.MkdirTemp("", "bench-postgres-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	as, err := owner(s.dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(s.dir, "data")
	// "trust" asks for no password: only this machine reaches the port, for as long as the run takes.
	initialise := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "bench", "-A", "trust",
		"--no-sync")
	initialise.SysProcAttr, initialise.Dir = as, s.dir
	if out, err := initialise.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	// Postgres does not choose a port itself. This one is free until it is closed, and taken by
	// Postgres a moment later.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	// -k "" makes no Unix socket, which would need a directory that the server may write to.
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-k", "",
		"-c", "synchronous_commit=off", "-c", "shared_buffers=256MB")
	s.cmd.SysProcAttr, s.cmd.Dir = as, s.dir
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.URL = fmt.Sprintf("postgres://bench@127.0.0.1:%d/postgres?sslmode=disable", port)
	return s, s.await(ctx, bin, port)
}

// owner returns as whom a server runs, and gives that user a directory. Postgres refuses to be root, as
// whom tests run in a container; another user than root runs it as itself, which nil stands for.
func owner(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	as, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(as.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(as.Gid)
	if err != nil {
		return nil, err
	}
	// The directory must belong to the user as whom initdb writes to it.
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return &syscall.SysProcAttr{Credential: credential}, os.Chown(dir, uid, gid)
}

// await waits until a server accepts connections, for up to half a minute.
func (s *Server) await(ctx context.Context, bin string, port int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		ready := exec.CommandContext(ctx, filepath.Join(bin, "pg_isready"), "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(port))
		if ready.Run() == nil {
			return nil
		}
		if err := wait.For(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("wait until Postgres accepts connections: %w", err)
		}
	}
}

// Stop ends the server and deletes its data.
func (s *Server) Stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		// SIGINT is a fast shutdown: connections are cut, and nothing is waited for. See "Shutting Down
		// the Server" in Postgres' documentation.
		_ = s.cmd.Process.Signal(syscall.SIGINT)
		_ = s.cmd.Wait()
	}
	_ = os.RemoveAll(s.dir)
}

// clockTick is the unit of times in /proc, whatever the kernel's own is: USER_HZ, which is 100 a
// second.
const clockTick = time.Second / 100

// CPU returns the CPU time that the server's processes have used, those included that have ended.
// Postgres has a process for each connection, all of them children of the one that was started here.
// Only Linux tells it.
func (s *Server) CPU() (time.Duration, error) {
	// Glob fails for a malformed pattern alone.
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	var ticks int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		id := filepath.Base(filepath.Dir(file))
		_, rest, _ := strings.Cut(string(text), ") ")                         // the program's name may hold blanks
		fields, main := strings.Fields(rest), strconv.Itoa(s.cmd.Process.Pid) // see proc(5), from the third on
		if id != main && fields[1] != main {
			continue
		}
		// These are utime and stime, and cutime and cstime, of the children that have ended and were
		// waited for.
		for i := 11; i <= 14; i++ {
			n, err := strconv.Atoi(fields[i])
			if err != nil {
				return 0, fmt.Errorf("read the CPU time of Postgres: %w", err)
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * clockTick, nil
}
