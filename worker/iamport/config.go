package iamport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/tasks"
)

const (
	// DefaultURL is where PortOne V1 is.
	DefaultURL = "https://api.iamport.kr"
	// DefaultTimeout bounds one call. PortOne recommends at least 60 seconds,
	// and says that hanging up does not stop what it has begun.
	DefaultTimeout = 60 * time.Second
)

// Config is how a client reaches PortOne. Key and Secret are required, the
// rest has defaults.
type Config struct {
	// URL is the API's address. Default [DefaultURL].
	URL string
	// Key and Secret are the merchant's API credentials (imp_key, imp_secret).
	Key, Secret Secret
	// Tier is the code of a sub-merchant, three upper-case letters or digits,
	// sent in the Tier header. Default none.
	Tier string
	// Timeout bounds one call. Default [DefaultTimeout].
	Timeout time.Duration
	// Connections is how many idle connections are kept: as many as there are
	// calls at a time. Default 100.
	Connections int
	// Dial makes the connections, if they are to go another way than by the system's own
	// routes and proxies. Default [net/http.DefaultTransport]'s.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `json:"-"`
	// OnCall is told of every call that has ended, in the goroutine that made
	// it, and should return at once. Default: nobody is.
	OnCall func(Exchange) `json:"-"`
	// Tracers make a span for every call. PortOne is told nothing of it.
	// Default the global ones of OpenTelemetry, which do nothing until they are
	// set.
	Tracers trace.TracerProvider `json:"-"`
}

// complete returns the settings with their defaults, or an error that names the one that
// is wrong.
func (c Config) complete() (Config, error) {
	c.URL = strings.TrimSuffix(cmp.Or(c.URL, DefaultURL), "/")
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.Connections = cmp.Or(c.Connections, 100)
	if c.OnCall == nil {
		c.OnCall = func(Exchange) {}
	}
	if c.Tracers == nil {
		c.Tracers = otel.GetTracerProvider()
	}

	address, err := url.Parse(c.URL)
	switch {
	case c.Key == "" || c.Secret == "":
		return c, errors.New("iamport: key and secret are both required")
	case err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http":
		return c, fmt.Errorf("iamport: the API's address must be an http(s) URL such as %s", DefaultURL)
	case address.User != nil || strings.ContainsAny(c.URL, "?#"):
		return c, errors.New("iamport: the API's address must not hold a user, a query or a fragment")
	case c.Tier != "":
		if err := tasks.ValidateTier(c.Tier); err != nil {
			return c, fmt.Errorf("iamport: %w", err)
		}
	}
	return c, nil
}
