package iamport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

// SetDial makes c reach its server by dial. A network in memory lets a test's
// fake time pass while a call waits, which no socket does.
func SetDial(c *Client, dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	c.api.http.Transport.(*http.Transport).DialContext = dial
}

// Trust makes c trust the certificates of an authority besides those of the system.
func Trust(c *Client, authority *x509.Certificate) {
	transport := c.api.http.Transport.(*http.Transport)
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{}
	}
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(authority)
}

// Passage is what [Client.Blocked] asks.
type Passage struct{ passage }

// Note enters a call that began at a time and has ended.
func (p *Passage) Note(began time.Time, failure *Error) { p.note(began, failure) }

// Blocked returns what [Client.Blocked] does, for calls with a timeout.
func (p *Passage) Blocked(timeout time.Duration) error { return p.blocked(timeout) }
