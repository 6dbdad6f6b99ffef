package iamport

import (
	"context"
	"net"
	"net/http"
)

// SetDial makes c reach its server by dial. A network in memory lets a test's
// fake time pass while a call waits, which no socket does.
func SetDial(c *Client, dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	c.http.Transport.(*http.Transport).DialContext = dial
}
