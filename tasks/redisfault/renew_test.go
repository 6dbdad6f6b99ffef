package redisfault_test

import (
	"bytes"
	"context"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/redisfault"
)

// worded is a connection on which a proxy puts ERR before READONLY.
type worded struct{ net.Conn }

func (c worded) Read(p []byte) (int, error) {
	said := make([]byte, len(p)-len("ERR "))
	n, err := c.Conn.Read(said)
	return copy(p, bytes.Replace(said[:n], []byte("-READONLY "), []byte("-ERR READONLY "), 1)), err
}

// An address leads to a replica, and after a failover to a master: whoever was told
// READONLY connects anew.
func TestConnectionToAReplicaIsDropped(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"in Redis' words": (&net.Dialer{}).DialContext,
		"in a proxy's": func(ctx context.Context, network, addr string) (net.Conn, error) {
			made, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return worded{made}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line := redistest.NewProxy(t, replica.Addr)
			client := redis.NewClient(&redis.Options{Addr: line.Addr, Dialer: dial, MaxRetries: -1})
			defer client.Close()
			client.AddHook(redisfault.Renew{})
			if err := client.Set(t.Context(), "key", 1, 0).Err(); redisfault.Of(err) != redisfault.ReadOnly {
				t.Fatalf("a replica: %v", err)
			}
			line.Target(master.Addr) // connections that are there still lead to the replica
			_ = client.Set(t.Context(), "key", 1, 0).Err()
			if err := client.Set(t.Context(), "key", 1, 0).Err(); err != nil {
				t.Errorf("a master: %v", err)
			}
		})
	}
}
