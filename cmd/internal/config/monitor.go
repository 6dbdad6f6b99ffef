package config

import (
	"errors"
	"fmt"
	"net"

	"github.com/spf13/pflag"
)

// DefaultMonitor is where the web site is served if nothing else is said.
const DefaultMonitor = "127.0.0.1:8980"

// passwordHash is the environment variable with the password's hash.
const passwordHash = "REVOKER_MONITOR_PASSWORD_HASH"

// Monitor is where the web site is served, and to whom.
type Monitor struct {
	Address      string
	AllowActions bool
}

// Flags registers the settings. The hash is no flag: whoever reads it in the
// list of processes can guess at it for ever.
func (m *Monitor) Flags(f *pflag.FlagSet) {
	f.StringVar(&m.Address, "listen", DefaultMonitor, "`address` to serve on; beyond loopback it needs a password")
	env(f, "listen", "REVOKER_MONITOR_LISTEN")
	f.BoolVar(&m.AllowActions, "allow-actions", false,
		"let people change queues and tasks in the Asynq web UI; needs a password")
	env(f, "allow-actions", "REVOKER_MONITOR_ALLOW_ACTIONS")
}

// PasswordHash returns the bcrypt hash of the password, empty if there is none.
func (m *Monitor) PasswordHash(getenv func(string) string) (string, error) {
	return secretOrFile(getenv, passwordHash)
}

// ErrNoPassword says how to give a password.
var ErrNoPassword = errors.New("make a hash with 'revoker monitor --hash' and give it in " + passwordHash +
	", or in a file named by " + passwordHash + "_FILE")

// Listen returns a listener on the address. An error matches [ErrNoPassword]
// where there must be a password: others reach the address, or may change
// something.
func (m *Monitor) Listen(password bool) (net.Listener, error) {
	if m.AllowActions && !password {
		return nil, fmt.Errorf("--allow-actions needs a password: %w", ErrNoPassword)
	}
	listener, err := net.Listen("tcp", m.Address)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; give another address", m.Address, err)
	}
	// What it is bound to counts, not what it was called.
	if at, ok := listener.Addr().(*net.TCPAddr); !password && (!ok || !at.IP.IsLoopback()) {
		listener.Close()
		return nil, fmt.Errorf("--listen %s is reached from elsewhere, and needs a password: %w", m.Address, ErrNoPassword)
	}
	return listener, nil
}
