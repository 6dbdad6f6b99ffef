package login

import (
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
	// mostAddresses bounds what is remembered.
	mostAddresses = 4096
)

// throttle bounds how fast passwords can be guessed from one address. The address is the
// one that [Access.Arrived] found: all behind a proxy that is not trusted share one.
type throttle struct {
	now func() time.Time

	mu sync.Mutex
	// from has a guesser for each network that tried a password, until
	// [throttle.makeRoom].
	from map[netip.Prefix]*guesser
}

// guesser is a network that tries passwords.
type guesser struct {
	allowance *rate.Limiter
	// turn has room for one: one password of a network waits to be compared at a time, so
	// that networks take turns, and many passwords of one delay others by one comparison.
	turn chan struct{}
}

// try is one password of a network, or how long there is none.
type try struct {
	// wait is 0 if the password may be compared: after five wrong ones at once it is ten
	// seconds.
	wait time.Duration
	from *guesser
	// giveBack undoes the try. A right password costs none, and gives no wrong one back: a
	// user could else guess the passwords of others between two logins of their own.
	giveBack func()
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, from: make(map[netip.Prefix]*guesser)}
}

// take takes one try of an address. One that is refused costs nothing, so trying on
// prolongs no wait.
func (t *throttle) take(remote string) try {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, at := t.now(), network(remote)
	from := t.from[at]
	if from == nil {
		t.makeRoom(now)
		from = &guesser{rate.NewLimiter(rate.Every(tryEvery), maxTries), make(chan struct{}, 1)}
		t.from[at] = from
	}
	reserved := from.allowance.ReserveN(now, 1)
	if wait := reserved.DelayFrom(now); wait > 0 {
		reserved.CancelAt(now)
		return try{wait: wait}
	}
	// The time is that of the try: a reservation whose time is over is not cancelled.
	return try{from: from, giveBack: func() { reserved.CancelAt(now) }}
}

// makeRoom forgets the networks whose allowance is full again, of which nothing is known
// that is not true of a new one, and any other one if that is not enough. Who guesses from
// thousands of networks then gets allowances back, and has thousands anyway; if new networks
// shared one allowance instead, that guesser would lock them out. The caller holds the lock.
func (t *throttle) makeRoom(now time.Time) {
	if len(t.from) < mostAddresses {
		return
	}
	for at, from := range t.from {
		if from.allowance.TokensAt(now) >= maxTries {
			delete(t.from, at)
		}
	}
	for at := range t.from {
		if len(t.from) < mostAddresses {
			return
		}
		delete(t.from, at)
	}
}

// network returns the network of an address: an IPv4 address, or the /64 of an IPv6 one,
// which is what one customer is given: its addresses are without number, and each would have
// an allowance. An address that cannot be read is the zero prefix, which all such share.
func network(remote string) netip.Prefix {
	at, ok := address(remote)
	if !ok {
		return netip.Prefix{}
	}
	bits := at.BitLen()
	if at.Is6() {
		bits = 64
	}
	prefix, _ := at.Prefix(bits)
	return prefix
}
