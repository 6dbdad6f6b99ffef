package login

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Access is whom a site admits, and what it believes of a request. The zero value admits
// nobody.
type Access struct {
	// Users are those who log in with a password, and whom a proxy may name.
	Users Users
	// Header is the header in which a trusted proxy names the user it has admitted, for
	// single sign-on. A name that is not among the users is refused; without users every
	// name may look. Empty for none.
	Header string
	// Proxies are the networks of the proxies that are believed: whom the Header names, and
	// which client X-Forwarded-For names. Nothing but the proxy may connect from them.
	Proxies []netip.Prefix
	// Token admits whoever has it, to look. It is for a site on loopback that neither knows
	// users nor has a Header, and must then be set.
	Token string
	// PublicURL is where browsers reach the site, of scheme, host and port alone; nil for
	// one that is reached as it is served.
	PublicURL *url.URL
}

// Anyone reports whether there is a way in.
func (a Access) Anyone() bool { return len(a.Users) > 0 || a.Header != "" || a.Token != "" }

// URL returns what a person of the machine opens to reach the site that listens at an
// address, with the token.
func (a Access) URL(listening net.Addr) string {
	at := url.URL{Scheme: "http", Host: listening.String()}
	if a.Token != "" {
		at.Path, at.RawQuery = "/", TokenField+"="+a.Token
	}
	return at.String()
}

// Secure reports whether browsers reach the site by HTTPS alone. Nothing that a request says
// of itself counts.
func (a Access) Secure() bool { return a.PublicURL != nil && a.PublicURL.Scheme == "https" }

// Arrived returns a request as the site believes it. Of one that came from a trusted proxy
// RemoteAddr is the client's address; any other one loses the Header, which its sender has
// made up.
func (a Access) Arrived(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	peer, ok := address(r.RemoteAddr)
	if !ok || !a.trusts(peer) {
		r.Header.Del(a.Header)
		return r
	}
	r.RemoteAddr = a.client(peer, r.Header.Values("X-Forwarded-For")).String()
	return r
}

// client returns the address from which a trusted proxy was called. Each proxy appends the
// address that called it, so the last one that is no proxy of ours is the client: what
// stands before it the client may have written itself. Where an entry cannot be read, it is
// the proxy that reported it.
func (a Access) client(peer netip.Addr, forwarded []string) netip.Addr {
	client := peer
	for _, entry := range slices.Backward(strings.Split(strings.Join(forwarded, ","), ",")) {
		next, ok := address(strings.TrimSpace(entry))
		if !ok {
			return client
		}
		if client = next; !a.trusts(client) {
			return client
		}
	}
	return client
}

// trusts reports whether an address is that of a trusted proxy.
func (a Access) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// named returns the user that a trusted proxy names. Two names are none: one of them is the
// client's own.
func (a Access) named(r *http.Request) (Visitor, bool) {
	names := r.Header.Values(a.Header)
	if a.Header == "" || len(names) != 1 || !validName(names[0]) {
		return Visitor{}, false
	}
	if len(a.Users) == 0 {
		return Visitor{Name: names[0], Role: Look}, true
	}
	user, known := a.Users[names[0]]
	return Visitor{Name: names[0], Role: user.role}, known
}

// address reads the address of a connection, with its port or without. An IPv4 address that
// a listener of IPv6 shows as ::ffff:192.0.2.1 is the same as 192.0.2.1.
func address(text string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	found, err := netip.ParseAddr(text)
	return found.Unmap().WithZone(""), err == nil
}

// Loopback reports whether a Host header means this machine: localhost, or a loopback
// address in figures, as in "127.0.0.1:8980" and "[::1]:8980". It looks no name up, since
// the answer could be an attacker's: "127.0.0.1.example.com" is none.
func Loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	// An IPv6 address without a port still has its brackets.
	if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
