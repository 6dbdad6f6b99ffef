package redistest

import (
	"bufio"
	"context"
	"net"
	"regexp"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Client62 returns a client of the server that reads the errors of scripts in the words of Redis
// 6.2, closed with the test. revoker supports that version, and CI has no such server: so its words
// are tested.
func (s *Server) Client62(t testing.TB) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.Addr, PoolSize: 50, Dialer: dial62})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func dial62(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &conn62{Conn: conn, lines: bufio.NewReader(conn)}, nil
}

// conn62 hands on what a server says line by line, in which every reply ends. A line that is no error
// of a script stays as it is.
type conn62 struct {
	net.Conn
	lines *bufio.Reader
	rest  []byte
}

// Read may return a part of a line: the rest is kept for the next call.
func (c *conn62) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		line, err := c.lines.ReadBytes('\n')
		if err != nil {
			return 0, err
		}
		c.rest = in62(line)
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

var (
	// ofScript is an error of a script in the words of Redis 7 and Valkey.
	ofScript = regexp.MustCompile(`^-(?:ERR (user_script:.*)|(.*)) script: (\w+), on @user_script:(\d+)\.`)
	// ofServer begins what Redis 6.2 says about itself, and not about a command.
	ofServer = regexp.MustCompile(`^(MISCONF|NOREPLICAS|OOM|READONLY) `)
)

// in62 returns a line in the words of Redis 6.2, which wraps the error of a script. Redis 7 says "-OOM
// command not allowed … script: <sha>, on @user_script:3.", and Redis 6.2 "-ERR Error running script
// (call to f_<sha>): @user_script:3: @user_script: 3: -OOM command not allowed …".
func in62(line []byte) []byte {
	found := ofScript.FindSubmatch(line)
	if found == nil {
		return line
	}
	said, sha, at := string(found[1])+string(found[2]), string(found[3]), string(found[4])
	if ofServer.MatchString(said) {
		said = "@user_script: " + at + ": -" + said
	}
	return []byte("-ERR Error running script (call to f_" + sha + "): @user_script:" + at + ": " + said + "\r\n")
}
