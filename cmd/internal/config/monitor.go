package config

import (
	"errors"
	"fmt"
	"net"

	"github.com/spf13/pflag"
)

// DefaultMonitor is where the web site is served by default: on loopback, where it needs no
// password.
const DefaultMonitor = "127.0.0.1:8980"

// passwordHash is the environment variable with the password's hash; with _FILE at its end
// it names a file.
const passwordHash = "REVOKER_MONITOR_PASSWORD_HASH"

// Monitor is where the web site is served, and what its visitors may do.
type Monitor struct {
	// Address is a host and a port. Without a host, as in ":8980", it is reached from
	// everywhere.
	Address string
	// AllowActions allows whoever knows the password to pause queues and to run, archive
	// and delete tasks in the Asynq web UI. By default the site only shows.
	AllowActions bool
}

// Flags registers the settings. The hash is no flag: whoever reads it in the list of
// processes can try passwords against it without limit.
func (m *Monitor) Flags(f *pflag.FlagSet) {
	f.StringVar(&m.Address, "listen", DefaultMonitor, "`address` to serve on; beyond loopback it needs a password")
	env(f, "listen", "REVOKER_MONITOR_LISTEN")
	f.BoolVar(&m.AllowActions, "allow-actions", false,
		"let people change queues and tasks in the Asynq web UI; needs a password")
	env(f, "allow-actions", "REVOKER_MONITOR_ALLOW_ACTIONS")
}

// PasswordHash returns the bcrypt hash of the password, empty if there is none. Its form is
// checked by package login, when the site is made.
func (m *Monitor) PasswordHash(getenv func(string) string) (string, error) {
	return secretOrFile(getenv, passwordHash)
}

// ErrNoPassword says how to give a password. Commands match it to exit with 2, wrong usage,
// and not with 1.
var ErrNoPassword = errors.New("make a hash with 'revoker monitor --hash' and give it in " + passwordHash +
	", or in a file named by " + passwordHash + "_FILE")

// Listen returns a listener on the address, which the caller closes. An error matches
// [ErrNoPassword] where there must be a password and is none: other machines reach the
// address, or visitors may change something.
func (m *Monitor) Listen(password bool) (net.Listener, error) {
	// Also on loopback: every user and every program of the machine reaches it.
	if m.AllowActions && !password {
		return nil, fmt.Errorf("--allow-actions needs a password: %w", ErrNoPassword)
	}
	listener, err := net.Listen("tcp", m.Address)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; give another address", m.Address, err)
	}
	// The address that the listener is bound to counts, not the name that was given:
	// localhost may resolve to another address, and an empty host is all of them. Nothing
	// is served before this check.
	if at, ok := listener.Addr().(*net.TCPAddr); !password && (!ok || !at.IP.IsLoopback()) {
		listener.Close()
		return nil, fmt.Errorf("--listen %s is reached from elsewhere, and needs a password: %w", m.Address, ErrNoPassword)
	}
	return listener, nil
}
