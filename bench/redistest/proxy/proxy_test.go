package proxy_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/bench/redistest/proxy"
)

// line returns both ends of a delayed line in one direction.
func line(t *testing.T, delay time.Duration) (in, out net.Conn) {
	in, from := net.Pipe()
	to, out := net.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		proxy.Carry(from, to, func() time.Duration { return delay })
	}()
	t.Cleanup(func() {
		in.Close()
		out.Close()
		<-ended
	})
	return in, out
}

func TestCarriedArrivesAsMuchLaterAsItWasSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, out := line(t, time.Millisecond)
		began := time.Now()
		for i := range 3 {
			if _, err := in.Write([]byte{'a' + byte(i)}); err != nil {
				t.Fatal(err)
			}
			arrived := make([]byte, 10)
			n, err := out.Read(arrived)
			if want := string('a' + rune(i)); err != nil || string(arrived[:n]) != want {
				t.Fatalf("got %q and %v, want %q", arrived[:n], err, want)
			}
			if got, want := time.Since(began), time.Duration(i+1)*time.Millisecond; got != want {
				t.Errorf("piece %d arrived after %v, want %v", i, got, want)
			}
		}
	})
}

// TestLineHasRoom says many pieces before the first can have arrived, and
// one more while they are on their way: all of them are delayed as much as one.
func TestLineHasRoom(t *testing.T) {
	t.Parallel()
	const pieces = 1000
	synctest.Test(t, func(t *testing.T) {
		in, out := line(t, time.Millisecond)
		began := time.Now()
		var want strings.Builder
		say := func(text string) {
			want.WriteString(text)
			if _, err := io.WriteString(in, text); err != nil {
				t.Error(err)
			}
		}
		for i := range pieces {
			say(fmt.Sprintln(i))
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v until all was taken, want 0s", took)
		}
		time.Sleep(time.Millisecond / 2)
		say("later\n")

		early := want.Len() - len("later\n")
		got := make([]byte, want.Len())
		if _, err := io.ReadFull(out, got[:early]); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Millisecond {
			t.Errorf("what was said at once arrived after %v, want 1ms", took)
		}
		if _, err := io.ReadFull(out, got[early:]); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 1500*time.Microsecond {
			t.Errorf("what was said after 500µs arrived after %v, want 1.5ms", took)
		}
		if string(got) != want.String() {
			t.Errorf("got other bytes than were said, or in another order")
		}
	})
}

func TestCarryEnds(t *testing.T) {
	t.Parallel()
	t.Run("after all was delivered, if nothing more is said", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			in, out := line(t, time.Millisecond)
			if _, err := io.WriteString(in, "last words"); err != nil {
				t.Fatal(err)
			}
			in.Close()
			if got, err := io.ReadAll(out); err != nil || string(got) != "last words" {
				t.Errorf("got %q and %v, want %q and no error", got, err, "last words")
			}
		})
	})
	t.Run("for the one who speaks, if nobody listens", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			in, out := line(t, time.Millisecond)
			out.Close()
			if _, err := io.WriteString(in, "hello?"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond)
			if _, err := io.WriteString(in, "hello?"); err == nil {
				t.Error("it still takes what nobody listens to")
			}
		})
	})
}

// TestProxyDelays talks through the proxy to a server that echoes.
func TestProxyDelays(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			_, _ = io.Copy(conn, conn)
			conn.Close()
		}
	}()
	const delay = 20 * time.Millisecond
	p, err := proxy.Start(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p.Delay(delay)
	conn, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	if _, err := io.WriteString(conn, "echo"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len("echo"))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "echo" {
		t.Fatalf("got %q and %v, want %q", got, err, "echo")
	}
	if took := time.Since(began); took < 2*delay {
		t.Errorf("the answer came after %v, want at least %v", took, 2*delay)
	}
	p.Close()
	if n, err := conn.Read(got); err == nil {
		t.Errorf("read %q from a proxy that is closed, want an error", got[:n])
	}
}

// TestSilentConnectionsStayOpen has two connections, one of before and one of after a silence.
func TestSilentConnectionsStayOpen(t *testing.T) {
	t.Parallel()
	server := echo(t)
	p, err := proxy.Start(server)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	before := dial(t, p.Addr)
	if got := say(t, before, time.Minute); got != nil {
		t.Fatalf("before the silence: %v", got)
	}
	p.Silence(false)
	after := dial(t, p.Addr)
	if got := say(t, after, time.Minute); got != nil {
		t.Errorf("a connection of after the silence: %v", got)
	}
	p.Silence(true)
	for name, conn := range map[string]net.Conn{"before": before, "after": after, "new": dial(t, p.Addr)} {
		if err := say(t, conn, 100*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: got %v, want nothing to arrive, and no end", name, err)
		}
	}
	p.Silence(false)
	if got := say(t, dial(t, p.Addr), time.Minute); got != nil {
		t.Errorf("a connection of after both: %v", got)
	}
}

// echo returns the address of a server that says what it hears.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go io.Copy(conn, conn)
		}
	}()
	return listener.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// say returns why what is said to an echo does not come back within a time.
func say(t *testing.T, conn net.Conn, within time.Duration) error {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}
