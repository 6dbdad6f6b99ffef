package config

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"receiptrevoker/tasks/redisfault"
)

const (
	// silence is how long a server is listened to before it is spoken to: one that accepts
	// nobody says why at once, and closes the connection.
	silence = 50 * time.Millisecond
	// stepTime bounds each question to a server that did not answer the client. Several are
	// asked one after another, and all must fit in reachTime.
	stepTime = 500 * time.Millisecond
)

// servers are where the client of a URL connects to.
type servers struct {
	network   string
	addrs     []string
	encrypted *tls.Config // nil if connections are not
}

// probe connects to a server that gave the client no answer and returns what is wrong, nil
// if that cannot be seen.
func (s servers) probe(ctx context.Context, addr string) error {
	connection, err := dial(ctx, s.network, addr)
	if err != nil {
		return unlessLate(err)
	}
	defer connection.Close()
	reply := converse(connection)
	said, refused := strings.CutPrefix(reply, "-")
	fault, speaks := redisfault.Of(errors.New(said)), refused || strings.HasPrefix(reply, "+")
	switch {
	case strings.HasPrefix(reply, "HTTP/"):
		return &redisfault.AddressError{
			Addr: addr, Is: "is an HTTP server and no Redis", Advice: "point the Redis URL at Redis' own port, 6379 by default",
		}
	case s.encrypted != nil && speaks:
		return &redisfault.AddressError{
			Addr: addr, Is: "speaks no TLS, and the Redis URL asks for it",
			Advice: "begin the Redis URL with redis://, redis-sentinel:// or redis-cluster://, or turn TLS on in Redis",
		}
	case s.encrypted != nil:
		if err := s.handshake(ctx, addr, s.encrypted); redisfault.Permanent(err) {
			return err
		}
	case !speaks && s.speaksTLS(ctx, addr):
		return &redisfault.AddressError{
			Addr: addr, Is: "speaks TLS alone, and the Redis URL does not ask for it",
			Advice: "begin the Redis URL with rediss://, rediss-sentinel:// or rediss-cluster://",
		}
	case refused && fault != redisfault.NoAuth && fault != redisfault.NoPerm: // which are not about the URL's user
		return errors.New(said)
	}
	return nil
}

// speaksTLS reports whether a server shows a certificate, whichever.
func (s servers) speaksTLS(ctx context.Context, addr string) (shown bool) {
	_ = s.handshake(ctx, addr, &tls.Config{
		InsecureSkipVerify: true, // nothing is told to who is there
		VerifyConnection:   func(tls.ConnectionState) error { shown = true; return nil },
	})
	return shown
}

// handshake returns why no encrypted connection comes about. The server may say so only
// after its handshake.
func (s servers) handshake(ctx context.Context, addr string, settings *tls.Config) error {
	connection, err := dial(ctx, s.network, addr)
	if err != nil {
		return err
	}
	encrypted := tls.Client(connection, settings)
	defer encrypted.Close()
	_ = connection.SetDeadline(time.Now().Add(stepTime)) // fails for a closed connection, as the handshake does
	if err := encrypted.Handshake(); err != nil {
		return err
	}
	_ = connection.SetDeadline(time.Now().Add(silence))
	_, err = encrypted.Read(make([]byte, 1))
	return err
}

// dial connects within stepTime.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// unlessLate returns nil for an error that says only that time ran out.
func unlessLate(err error) error {
	if late, is := errors.AsType[net.Error](err); is && late.Timeout() {
		return nil
	}
	return err
}

// converse sends PING, without TLS, and returns the first line that the server says,
// empty if it says none.
func converse(connection net.Conn) string {
	from := bufio.NewReader(connection)
	_ = connection.SetDeadline(time.Now().Add(silence)) // fails for a closed connection, as reading does
	if _, err := from.Peek(1); err != nil && unlessLate(err) == nil {
		_ = connection.SetDeadline(time.Now().Add(stepTime))
		_, _ = connection.Write([]byte("PING\r\n"))
	}
	line, _ := from.ReadString('\n')
	return strings.TrimSpace(line)
}
