package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// portPattern is a port of an address. There may be several addresses, as in
// host:6379,host2:6379, and one of IPv6 in brackets: digits behind a colon within the
// brackets are followed by : or ], so they are no port.
var portPattern = regexp.MustCompile(`:([0-9]+)(?:[,/?#]|$)`)

// ports returns an error for a port outside of 1 to 65535, such as 63790 with a digit too
// many. The client would take it for a Redis that is away, and a worker would wait for it
// without end.
func ports(rest string) error {
	// Only what follows the last @ is looked at: a password may look like a port, and must
	// not be repeated in the error.
	for _, found := range portPattern.FindAllStringSubmatch(rest[strings.LastIndex(rest, "@")+1:], -1) {
		if port, err := strconv.ParseUint(found[1], 10, 16); err != nil || port == 0 {
			return fmt.Errorf("its port %s must be between 1 and 65535", found[1])
		}
	}
	return nil
}

// addresses turns a list of hosts with commas, as people write it, into the addr parameters
// that go-redis reads: redis://u:p@a:1,b:2/3?x=1 becomes redis://u:p@a:1/3?x=1&addr=b%3A2.
// A URL with one host is returned as it is.
func addresses(raw string) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	user, hosts := "", authority
	// The last @ ends the password; a comma before it belongs to that.
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

// holdsPassword reports whether a URL of Redis has a password in it: beside its user, or in
// a parameter such as sentinel_password. A malformed URL is searched too, since a password
// with an unescaped / or # makes one, and would be shown all the same.
func holdsPassword(raw string) bool {
	_, rest, _ := strings.Cut(raw, "://")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		if _, password, _ := strings.Cut(rest[:at], ":"); password != "" {
			return true
		}
	}
	return strings.Contains(rest, "password=")
}

// withoutURL returns an error without the URL, which may hold a password: [url.Error]
// repeats the whole of it. The errors of go-redis repeat single parts, such as a database
// number; FuzzRedisURL looks for the password in them.
func withoutURL(err error) error {
	if _, malformed := errors.AsType[*url.Error](err); malformed {
		return errors.New("it is malformed; a password's special characters are written as %XX")
	}
	return err
}
