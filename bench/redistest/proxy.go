package redistest

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest/proxy"
)

// Proxy stands between a client and a Redis and makes trouble: see package proxy.
type Proxy struct{ *proxy.Proxy }

// NewProxy returns a proxy to the Redis at target that ends with the test.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p, err := proxy.Start(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return &Proxy{p}
}

// Client returns a client that goes through the proxy, closed with the test.
func (p *Proxy) Client(t testing.TB) *redis.Client { return connect(t, &redis.Options{Addr: p.Addr}) }
