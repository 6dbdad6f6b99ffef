package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/spf13/pflag"
)

// HTTP is where a process tells how it is.
type HTTP struct {
	// Address is a host and a port, [AutoHTTP], or off.
	Address string
}

// AutoHTTP stands for the first free port of the loopback address, from 9464 on: several
// workers run on one machine.
const AutoHTTP = "auto"

const (
	// firstPort is the port of OpenTelemetry's exporters for Prometheus.
	firstPort = 9464
	// autoPorts is how many are tried: more workers than one machine has use for, and few
	// enough to fail at once.
	autoPorts = 100
)

// Flags registers the setting.
func (h *HTTP) Flags(f *pflag.FlagSet) {
	f.StringVar(&h.Address, "http", AutoHTTP, fmt.Sprintf("`address` of /healthz, /readyz and /metrics, off for none, "+
		"auto for the first free port of 127.0.0.1 from %d on", firstPort))
	env(f, "http", "REVOKER_HTTP")
}

// Listen returns a listener on the address, or nil if there is to be none. The error
// names the setting.
func (h *HTTP) Listen() (net.Listener, error) {
	switch h.Address {
	case "", "off":
		return nil, nil
	case AutoHTTP:
		return listenFrom(firstPort)
	}
	listener, err := net.Listen("tcp", h.Address)
	if err != nil {
		return nil, fmt.Errorf("--http %s: %w; give another address, %s or off", h.Address, err, AutoHTTP)
	}
	return listener, nil
}

// listenFrom returns a listener on the first port that no process has taken.
func listenFrom(port int) (net.Listener, error) {
	for last := port + autoPorts - 1; ; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		switch {
		case err == nil:
			return listener, nil
		case port == last || !errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("--http %s: %w; give an address, or off", AutoHTTP, err)
		}
	}
}
