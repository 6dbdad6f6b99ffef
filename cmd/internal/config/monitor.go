package config

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/monitor/login"
)

// DefaultMonitor is where the web site is served by default: on loopback, where it needs no
// password.
const DefaultMonitor = "127.0.0.1:8980"

// passwordHash is the environment variable with the password's hash; with _FILE at its end
// it names a file.
const passwordHash = "REVOKER_MONITOR_PASSWORD_HASH"

// Monitor is where the web site is served, to whom, and what its visitors may do.
type Monitor struct {
	// Address is a host and a port. Without a host, as in ":8980", it is reached from
	// everywhere.
	Address string
	// PublicURL is where browsers reach the site, empty where they reach it at Address.
	PublicURL string
	// Proxies are the addresses and networks of trusted proxies, with commas.
	Proxies string
	// UsersFile is the file of users, for [login.ParseUsers].
	UsersFile string
	// UserHeader is the header in which a trusted proxy names the user.
	UserHeader string
	// AllowActions allows users of the role act to pause queues and to run, archive and
	// delete tasks in the Asynq web UI. By default the site only shows.
	AllowActions bool
}

// Flags registers the settings. The hash is no flag: whoever reads it in the list of
// processes can try passwords against it without limit.
func (m *Monitor) Flags(f *pflag.FlagSet) {
	f.StringVar(&m.Address, "listen", DefaultMonitor,
		"`address` to serve on; beyond loopback it needs a password or users")
	env(f, "listen", "REVOKER_MONITOR_LISTEN")
	f.StringVar(&m.PublicURL, "public-url", "",
		"`URL` at which browsers reach the site through a proxy, such as https://revoker.example.com")
	env(f, "public-url", "REVOKER_MONITOR_PUBLIC_URL")
	f.StringVar(&m.Proxies, "trusted-proxies", "",
		"`addresses` or networks of proxies that are believed who calls, with commas")
	env(f, "trusted-proxies", "REVOKER_MONITOR_TRUSTED_PROXIES")
	f.StringVar(&m.UsersFile, "users", "", "`file` of users, one a line, name:hash:role, with the role look or act")
	env(f, "users", "REVOKER_MONITOR_USERS")
	f.StringVar(&m.UserHeader, "user-header", "",
		"`name` of the header in which a trusted proxy names the user it admitted")
	env(f, "user-header", "REVOKER_MONITOR_USER_HEADER")
	f.BoolVar(&m.AllowActions, "allow-actions", false,
		"let people change queues and tasks in the Asynq web UI; needs a password or users")
	env(f, "allow-actions", "REVOKER_MONITOR_ALLOW_ACTIONS")
}

// ErrNoPassword says how to give a password. An error of [Monitor.Access] or
// [Monitor.Listen] matches it where one is missing or cannot be used.
var ErrNoPassword = errors.New("make a hash with 'revoker monitor --hash' and give it in " + passwordHash +
	", in a file named by " + passwordHash + "_FILE, or in the file of --users")

// Access returns whom the site admits. Where neither a password nor users nor a header are
// given, it is whoever has a new token, and the site must be on loopback. An error names the
// setting, and what to do.
func (m *Monitor) Access(getenv func(string) string) (access login.Access, err error) {
	if access.Users, err = m.users(getenv); err != nil {
		return access, err
	}
	if access.Proxies, err = proxies(m.Proxies); err != nil {
		return access, err
	}
	if access.PublicURL, err = origin(m.PublicURL); err != nil {
		return access, err
	}
	switch access.Header = m.UserHeader; {
	case access.Header != "" && !headerName.MatchString(access.Header):
		return access, fmt.Errorf("--user-header %q must be a name such as X-Forwarded-User", access.Header)
	case access.Header != "" && len(access.Proxies) == 0:
		return access, errors.New("--user-header needs --trusted-proxies: anyone could send the header otherwise")
	}
	switch {
	case access.Anyone():
	case access.PublicURL != nil:
		return access, fmt.Errorf("--public-url needs a password: %w", ErrNoPassword)
	default:
		// At least 128 bits of randomness: a guesser does not find it.
		access.Token = rand.Text()
	}
	if m.AllowActions && !access.Users.Acts() {
		return access, fmt.Errorf("--allow-actions needs a password, or a user of the role act: %w", ErrNoPassword)
	}
	return access, nil
}

// headerName is a header's name, without the characters that proxies and servers read in
// different ways.
var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// users returns those of the file, or the one of the password; nil if neither is given.
func (m *Monitor) users(getenv func(string) string) (login.Users, error) {
	hash, err := secretOrFile(getenv, passwordHash)
	switch {
	case err != nil:
		return nil, err
	case hash != "" && m.UsersFile != "":
		return nil, fmt.Errorf("both --users and %s are set: unset one", passwordHash)
	case hash != "":
		users, err := login.Password(hash)
		return users, withAdvice(err)
	case m.UsersFile == "":
		return nil, nil
	}
	text, err := os.ReadFile(m.UsersFile)
	if err != nil {
		return nil, fmt.Errorf("--users: %w", err)
	}
	users, err := login.ParseUsers(string(text))
	if err != nil {
		return nil, fmt.Errorf("--users %s: %w", m.UsersFile, withAdvice(err))
	}
	return users, nil
}

// withAdvice adds to the error of a hash how to make one.
func withAdvice(err error) error {
	if errors.Is(err, login.ErrHash) {
		return fmt.Errorf("%w: %w", err, ErrNoPassword)
	}
	return err
}

// proxies reads a list of addresses and networks, such as 127.0.0.1,10.0.0.0/8. A network of
// everybody is refused: with it anyone could be anyone.
func proxies(list string) (found []netip.Prefix, err error) {
	for entry := range strings.SplitSeq(list, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(entry)
		if address, bare := netip.ParseAddr(entry); bare == nil {
			prefix, err = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()), nil
		}
		if err != nil || prefix.Bits() == 0 {
			return nil, fmt.Errorf("--trusted-proxies %q must be an address such as 127.0.0.1, "+
				"or a network such as 10.0.0.0/8 that is not everybody's", entry)
		}
		found = append(found, prefix)
	}
	return found, nil
}

// origin reads the URL of the site, nil if it is empty. It has a scheme, a host and a port,
// as a browser writes the origin of a request: in lower case, without the scheme's own port.
func origin(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, nil
	}
	parsed, err := url.Parse(strings.ToLower(strings.TrimSuffix(raw, "/")))
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "" ||
		parsed.String() != parsed.Scheme+"://"+parsed.Host {
		// The URL may hold a password.
		return nil, errors.New("--public-url must be a scheme, a host and perhaps a port, such as " +
			"https://revoker.example.com: the site is at the top of it")
	}
	for scheme, port := range map[string]string{"https": ":443", "http": ":80"} {
		if parsed.Scheme == scheme {
			parsed.Host = strings.TrimSuffix(parsed.Host, port)
		}
	}
	return parsed, nil
}

// Listen returns a listener on the address, which the caller closes. An error matches
// [ErrNoPassword] where other machines reach the address, and the site would admit them by
// a token alone.
func (m *Monitor) Listen(access login.Access) (net.Listener, error) {
	listener, err := net.Listen("tcp", m.Address)
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w; give another address", m.Address, err)
	}
	// The address that the listener is bound to counts, not the name that was given:
	// localhost may resolve to another address, and an empty host is all of them. Nothing
	// is served before this check.
	if at, ok := listener.Addr().(*net.TCPAddr); access.Token != "" && (!ok || !at.IP.IsLoopback()) {
		listener.Close()
		return nil, fmt.Errorf("--listen %s is reached from elsewhere, and needs a password: %w", m.Address, ErrNoPassword)
	}
	return listener, nil
}
