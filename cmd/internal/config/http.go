package config

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/spf13/pflag"
)

// HTTP is where a process tells how it is.
type HTTP struct {
	Address string

	flags *pflag.FlagSet
}

const defaultHTTP = "127.0.0.1:9090"

// Flags registers the setting.
func (h *HTTP) Flags(f *pflag.FlagSet) {
	h.flags = f
	f.StringVar(&h.Address, "http", defaultHTTP, "`address` of /healthz, /readyz and /metrics, off for none")
	env(f, "http", "REVOKER_HTTP")
}

// Listen returns a listener on the address, or nil if there is to be none. A
// default address that another process has taken is none, too, and busy says
// so: several workers run on one machine.
func (h *HTTP) Listen() (listener net.Listener, busy, err error) {
	if h.Address == "" || h.Address == "off" {
		return nil, nil, nil
	}
	listener, err = net.Listen("tcp", h.Address)
	if errors.Is(err, syscall.EADDRINUSE) && !h.flags.Changed("http") {
		return nil, err, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("--http %s: %w; give another address, or off", h.Address, err)
	}
	return listener, nil, nil
}
