package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// portPattern is a port of an address. There may be several addresses, and one of IPv6 in brackets.
var portPattern = regexp.MustCompile(`:([0-9]+)(?:[,/?#]|$)`)

// ports returns an error for a port that none can be. The client would take it for a Redis
// that is away, and wait.
func ports(rest string) error {
	for _, found := range portPattern.FindAllStringSubmatch(rest[strings.LastIndex(rest, "@")+1:], -1) {
		if port, err := strconv.ParseUint(found[1], 10, 16); err != nil || port == 0 {
			return fmt.Errorf("its port %s must be between 1 and 65535", found[1])
		}
	}
	return nil
}

// addresses turns a list of hosts with commas, as people write it, into the
// addr parameters that go-redis reads.
func addresses(raw string) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	user, hosts := "", authority
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, hosts = authority[:at+1], authority[at+1:]
	}
	first, others, _ := strings.Cut(hosts, ",")
	if others != "" {
		separator := "?"
		if strings.Contains(tail, "?") {
			separator = "&"
		}
		for other := range strings.SplitSeq(others, ",") {
			tail += separator + "addr=" + url.QueryEscape(other)
			separator = "&"
		}
	}
	return scheme + "://" + user + first + tail
}

// holdsPassword reports whether a URL of Redis, also a malformed one, has a
// password in it: beside its user, or a parameter such as sentinel_password.
func holdsPassword(raw string) bool {
	_, rest, _ := strings.Cut(raw, "://")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		if _, password, _ := strings.Cut(rest[:at], ":"); password != "" {
			return true
		}
	}
	return strings.Contains(rest, "password=")
}

// withoutURL returns the reason alone of an error that repeats the URL, which
// may hold a password.
func withoutURL(err error) error {
	if _, malformed := errors.AsType[*url.Error](err); malformed {
		return errors.New("it is malformed; a password's special characters are written as %XX")
	}
	return err
}
