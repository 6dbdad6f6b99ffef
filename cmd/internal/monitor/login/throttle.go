package login

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// maxTries is how many wrong passwords an address may give at once: a person who
	// mistypes does not notice the throttle.
	maxTries = 5
	// tryEvery is after how long an address may give another one: 8,640 a day are too few
	// to find a password of twelve characters.
	tryEvery = 10 * time.Second
	// mostAddresses bounds what is remembered; beyond it, new addresses share one
	// allowance.
	mostAddresses = 4096
)

// throttle bounds how fast passwords can be guessed from one address. What a proxy says of
// an address behind it (X-Forwarded-For) is not believed, since anyone can say so, and each
// guess could name another: all behind a proxy share an allowance.
type throttle struct {
	now func() time.Time

	mu sync.Mutex
	// from has an allowance for each network that tried a password, until
	// [throttle.limiter] makes room.
	from map[netip.Prefix]*rate.Limiter
	// others is shared by those for which there is no room.
	others *rate.Limiter
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, from: make(map[netip.Prefix]*rate.Limiter), others: allowance()}
}

// allowance returns a new one: [maxTries] at once, and one more every [tryEvery].
func allowance() *rate.Limiter { return rate.NewLimiter(rate.Every(tryEvery), maxTries) }

// take takes one try of an address and returns 0, or how long there is none: after five
// wrong passwords at once, ten seconds. A try that is refused costs nothing, so trying on
// prolongs no wait.
func (t *throttle) take(remote string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	limiter := t.limiter(network(remote), now)
	if limiter.AllowN(now, 1) {
		return 0
	}
	// What is missing of a whole try, at one try in tryEvery.
	return time.Duration((1 - limiter.TokensAt(now)) * float64(tryEvery))
}

// limiter returns the allowance of a network. The caller holds the lock.
func (t *throttle) limiter(from netip.Prefix, now time.Time) *rate.Limiter {
	if known := t.from[from]; known != nil {
		return known
	}
	// An allowance that is full again says nothing that a new one would not.
	if len(t.from) >= mostAddresses {
		for other, limiter := range t.from {
			if limiter.TokensAt(now) >= maxTries {
				delete(t.from, other)
			}
		}
	}
	// Still no room: thousands of addresses guess at once.
	if len(t.from) >= mostAddresses {
		return t.others
	}
	t.from[from] = allowance()
	return t.from[from]
}

// forget gives an address that knew the password all its tries back.
func (t *throttle) forget(remote string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.from, network(remote))
}

// network returns the address of a connection, or the /64 of an IPv6 one, which is what one
// customer is given: its addresses are without number, and each would have an allowance. An
// address that cannot be read is the zero prefix, which all such share.
func network(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	// An IPv4 address that a listener of IPv6 shows as ::ffff:192.0.2.1 is the same as
	// 192.0.2.1.
	address = address.Unmap().WithZone("")
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	prefix, _ := address.Prefix(bits)
	return prefix
}
