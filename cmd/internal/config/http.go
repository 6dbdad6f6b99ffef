package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/spf13/pflag"
)

// HTTP is where a worker serves /healthz, /readyz and /metrics.
type HTTP struct {
	// Address is a host and a port, [AutoHTTP], or off. Empty is off, too, as in the zero
	// value; the flag's default is [AutoHTTP].
	Address string
}

// AutoHTTP stands for the first free port of the loopback address, from 9464 on: several
// workers run on one machine without a setting. Only its own machine reaches such a port;
// where Prometheus scrapes from elsewhere, an address is given.
const AutoHTTP = "auto"

const (
	// firstPort is the port of OpenTelemetry's exporters for Prometheus, by its environment
	// variable OTEL_EXPORTER_PROMETHEUS_PORT. 9090 is Prometheus' own, which may run on the
	// same machine.
	firstPort = 9464
	// autoPorts is how many ports are tried: more workers than one machine has use for, and
	// few enough to fail at once.
	autoPorts = 100
)

// Flags registers the setting.
func (h *HTTP) Flags(f *pflag.FlagSet) {
	f.StringVar(&h.Address, "http", AutoHTTP, fmt.Sprintf("`address` of /healthz, /readyz and /metrics, off for none, "+
		"auto for the first free port of 127.0.0.1 from %d on", firstPort))
	env(f, "http", "REVOKER_HTTP")
}

// Listen returns a listener on the address, or nil without an error where the setting is
// off. It binds before the worker starts, so that a port that is taken ends the process and
// does not leave it without metrics. The error names the setting; the caller closes the
// listener.
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

// listenFrom returns a listener on the first port that no process has taken. It binds and
// does not look first: two workers that start together cannot find the same port free.
func listenFrom(port int) (net.Listener, error) {
	for last := port + autoPorts - 1; ; port++ {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		switch {
		case err == nil:
			return listener, nil
		// Any other error, such as a machine without IPv4, would be the same at every port.
		case port == last || !errors.Is(err, syscall.EADDRINUSE):
			return nil, fmt.Errorf("--http %s: %w; give an address, or off", AutoHTTP, err)
		}
	}
}
