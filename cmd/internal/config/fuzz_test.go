package config

import (
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// FuzzRedisURL opens URLs whose password has a known word in it. The error does
// not repeat the word, and a client does not connect yet.
func FuzzRedisURL(f *testing.F) {
	const word = "hunter2-hunter2"
	for _, tail := range []string{
		"", "/", "/3", "/x", "/1/2", ":6379/0", "?db=1", "?db=x", "?read_timeout=forever", "?pool_fifo=perhaps", "?nothing=1",
		",b:2,c:3/0?master=m", ",b?master=m&sentinel_username=u&sentinel_password=pw", "?master=m&addr=%zz", "?addr=::&addr=",
		"?skip_verify=true", "#part", "?a;b", ":port",
	} {
		for _, scheme := range []string{
			"redis", "rediss", "redis-socket", "redis-sentinel", "rediss-sentinel", "redis-cluster", "rediss-cluster", "http",
		} {
			f.Add(scheme, "user", "", "", tail)
		}
	}
	f.Add("redis", "", "%zz", "%", "/0")
	f.Add("redis-cluster", "a@b", "@,", ",@", "/0")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = listener.Close() })
	var dialed atomic.Bool
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			dialed.Store(true)
			_ = conn.Close()
		}
	}()
	f.Fuzz(func(t *testing.T, scheme, user, before, after, tail string) {
		raw := scheme + "://" + user + ":" + before + word + after + "@" + listener.Addr().String() + tail
		if sized(raw) || strings.Count(raw, word) > 1 {
			return
		}
		client, err := (&Redis{URL: raw, Namespace: "n", TTL: time.Hour}).Open()
		if err == nil {
			_ = client.Close()
		} else if strings.Contains(err.Error(), word) {
			t.Errorf("%s: the password stands in %q", raw, err)
		}
		if dialed.Load() {
			t.Errorf("%s: opening it connects", raw)
		}
	})
}

// sized tells the URLs that bid go-redis open connections at once, or reserve
// memory for as many as it says.
func sized(raw string) bool {
	_, query, _ := strings.Cut(raw, "?")
	for part := range strings.FieldsFuncSeq(query, func(c rune) bool { return c == '&' || c == '?' || c == '#' }) {
		name, _, _ := strings.Cut(part, "=")
		name, _ = url.QueryUnescape(name)
		if strings.HasSuffix(name, "_size") || strings.HasSuffix(name, "_conns") || strings.HasSuffix(name, "_dials") {
			return true
		}
	}
	return false
}
