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
	// silence is how long a server is listened to before it is spoken to. A Redis that
	// accepts no connection, as with protected mode or at its maxclients, says why at once
	// and closes the connection; a command that is sent meanwhile may meet a reset and hide
	// what was said.
	silence = 50 * time.Millisecond
	// stepTime bounds each question to a server that did not answer the client. Several are
	// asked one after another: a server that is silent throughout takes about two seconds,
	// and all must fit in reachTime.
	stepTime = 500 * time.Millisecond
)

// servers are the addresses to which the client of a URL connects, as far as they are known
// before it has connected.
type servers struct {
	// network is tcp, or unix for the path of a socket.
	network string
	// addrs are tried in this order. Those of a Cluster are the nodes that the URL names;
	// those of Sentinels are the master that they name, none if no Sentinel answered.
	addrs []string
	// encrypted is nil if connections are not encrypted.
	encrypted *tls.Config
}

// probe connects, beside the client, to a server that gave the client no answer, and
// returns what is wrong: TLS on one side only, an HTTP server, or what the server says
// before it closes the connection. The client of go-redis hides these behind its own
// retries and timeouts. It returns nil if nothing of the kind can be seen; the server may
// then just be slow.
func (s servers) probe(ctx context.Context, addr string) error {
	connection, err := dial(ctx, s.network, addr)
	if err != nil {
		// No connection within the time is no finding: the caller asks a distant server
		// once more.
		return unlessLate(err)
	}
	defer connection.Close()
	reply := converse(connection)
	// Redis' protocol begins an error with - and a simple answer with +; see "Redis
	// serialization protocol specification" in Redis' documentation.
	said, refused := strings.CutPrefix(reply, "-")
	fault, speaks := redisfault.Of(errors.New(said)), refused || strings.HasPrefix(reply, "+")
	switch {
	case strings.HasPrefix(reply, "HTTP/"):
		return &redisfault.AddressError{
			Addr: addr, Is: "is an HTTP server and no Redis", Advice: "point the Redis URL at Redis' own port, 6379 by default",
		}
	// A server of TLS does not answer a PING without TLS in Redis' protocol.
	case s.encrypted != nil && speaks:
		return &redisfault.AddressError{
			Addr: addr, Is: "speaks no TLS, and the Redis URL asks for it",
			Advice: "begin the Redis URL with redis://, redis-sentinel:// or redis-cluster://, or turn TLS on in Redis",
		}
	case s.encrypted != nil:
		// Of what a handshake says only certificates are reported; a timeout may be a
		// server that is slow.
		if err := s.handshake(ctx, addr, s.encrypted); redisfault.Permanent(err) {
			return err
		}
	case !speaks && s.speaksTLS(ctx, addr):
		return &redisfault.AddressError{
			Addr: addr, Is: "speaks TLS alone, and the Redis URL does not ask for it",
			Advice: "begin the Redis URL with rediss://, rediss-sentinel:// or rediss-cluster://",
		}
	// PING without a password answers NOAUTH, and NOPERM where the default user may not
	// PING: both are about the probe, which gives no user, and not about the URL's.
	case refused && fault != redisfault.NoAuth && fault != redisfault.NoPerm:
		return errors.New(said)
	}
	return nil
}

// speaksTLS reports whether a server shows a certificate, whichever: it need not be one
// that this machine trusts, for the question is only whether TLS is on.
func (s servers) speaksTLS(ctx context.Context, addr string) (shown bool) {
	_ = s.handshake(ctx, addr, &tls.Config{
		// Nothing secret is sent over this connection, and it is closed after the
		// handshake.
		InsecureSkipVerify: true,
		// crypto/tls calls this once the certificate has arrived, also where the server
		// then refuses the handshake because no certificate of ours was shown.
		VerifyConnection: func(tls.ConnectionState) error { shown = true; return nil },
	})
	return shown
}

// handshake returns why no encrypted connection comes about, or the timeout of its last
// reading if one did. In TLS 1.3 the client's handshake is over before the server has seen
// its certificate, so a server that refuses it says so afterwards: the reading waits
// [silence] for that.
func (s servers) handshake(ctx context.Context, addr string, settings *tls.Config) error {
	connection, err := dial(ctx, s.network, addr)
	if err != nil {
		return err
	}
	encrypted := tls.Client(connection, settings)
	defer encrypted.Close()
	// SetDeadline fails for a closed connection, as the handshake then does.
	_ = connection.SetDeadline(time.Now().Add(stepTime))
	if err := encrypted.Handshake(); err != nil {
		return err
	}
	_ = connection.SetDeadline(time.Now().Add(silence))
	_, err = encrypted.Read(make([]byte, 1))
	return err
}

// dial connects within stepTime, whatever ctx leaves: a firewall that drops packets would
// else take the time of all further questions.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

// unlessLate returns nil for an error that says only that time ran out, and err otherwise.
func unlessLate(err error) error {
	if late, is := errors.AsType[net.Error](err); is && late.Timeout() {
		return nil
	}
	return err
}

// converse returns the first line that the server says, without TLS; empty if it says none.
// It listens first, and sends PING only to a server that is silent for [silence] and has
// not closed the connection. The inline form of PING, without RESP's arrays, is understood
// by Redis, and by an HTTP server as a bad request.
func converse(connection net.Conn) string {
	from := bufio.NewReader(connection)
	// SetDeadline fails for a closed connection, as reading then does.
	_ = connection.SetDeadline(time.Now().Add(silence))
	// An error that is no timeout is a closed connection: to write to it would tell
	// nothing.
	if _, err := from.Peek(1); err != nil && unlessLate(err) == nil {
		_ = connection.SetDeadline(time.Now().Add(stepTime))
		_, _ = connection.Write([]byte("PING\r\n"))
	}
	line, _ := from.ReadString('\n')
	return strings.TrimSpace(line)
}
