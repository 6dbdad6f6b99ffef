package iamport_test

import (
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

func TestDialMakesTheConnections(t *testing.T) {
	t.Parallel()
	portone := iamporttest.New(iamporttest.Config{})
	portone.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	server := httptest.NewServer(portone)
	defer server.Close()
	defer portone.Close()
	asked := make(chan string, 2)
	client, err := iamport.NewClient(iamport.Config{
		URL: "http://portone.invalid", Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			asked <- address
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(server.URL, "http://"))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.RevokeReceipt(t.Context(), "imp_1"); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "portone.invalid:80" {
		t.Errorf("dialled %q", got)
	}
}
