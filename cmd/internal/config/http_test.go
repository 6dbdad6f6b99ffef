package config

import (
	"net"
	"strings"
	"testing"
)

// port returns the port of a listener, which is closed with the test.
func port(t *testing.T, listener net.Listener, err error) int {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

// Workers that are given no port take one each.
func TestEveryProcessFindsAFreePort(t *testing.T) {
	t.Parallel()
	// Only the test's own ports are looked at: others come and go.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	from := port(t, taken, err)
	first, err := listenFrom(from)
	one := port(t, first, err)
	second, err := listenFrom(from)
	two := port(t, second, err)
	if from >= one || one >= two {
		t.Errorf("ports %d and %d, want two of their own after %d, which is taken", one, two, from)
	}
	byDefault, err := (&HTTP{Address: AutoHTTP}).Listen()
	if got := port(t, byDefault, err); got < firstPort || got >= firstPort+autoPorts {
		t.Errorf("port %d, want one from %d on", got, firstPort)
	}
}

func TestAnAddressThatIsGivenIsTheOneThatIsUsed(t *testing.T) {
	t.Parallel()
	given := HTTP{Address: "127.0.0.1:0"}
	listener, err := given.Listen()
	port(t, listener, err)
	taken := HTTP{Address: listener.Addr().String()}
	if _, err := taken.Listen(); err == nil || !strings.Contains(err.Error(), "give another address, auto or off") {
		t.Errorf("a port that is taken: %v", err)
	}
	for _, none := range []string{"", "off"} {
		if listener, err := (&HTTP{Address: none}).Listen(); listener != nil || err != nil {
			t.Errorf("%q: %v, %v; want none", none, listener, err)
		}
	}
}
