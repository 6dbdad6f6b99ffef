package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestSlowVisitorsAreCutOffAndOthersServedToTheEnd(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	began, release := make(chan struct{}), make(chan struct{})
	site := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(began)
		<-release
		_, _ = io.WriteString(w, "served")
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, listener, site, slog.New(slog.DiscardHandler)) }()

	slow, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := io.WriteString(slow, "GET / HTTP/1.1\r\nHost: x\r\n"); err != nil { // and no more
		t.Fatal(err)
	}
	if err := slow.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(slow); err != nil { // ends when the site hangs up
		t.Errorf("who sends no request is not cut off: %v", err)
	}

	answer := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-began
	stop()
	close(release)
	if got := <-answer; got != "served" {
		t.Errorf("who was being served when the site ended got %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("the site ended with %v", err)
	}
}

// A page of an attacker reads nothing of a worker on loopback by a name of its own (DNS rebinding); what is
// reached from elsewhere may have any name.
func TestReboundNamesReadNoMetrics(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "metrics") })
	for host, want := range map[string]int{
		"127.0.0.1:9464": http.StatusOK, "localhost:9464": http.StatusOK, "[::1]:9464": http.StatusOK, "": http.StatusOK,
		"evil.example:9464": http.StatusForbidden, "127.0.0.1.evil.example": http.StatusForbidden, "192.0.2.1": http.StatusForbidden,
	} {
		ask := func(at net.IP) int {
			r, w := httptest.NewRequest("GET", "/metrics", nil), httptest.NewRecorder()
			r.Host = host
			forItself(&net.TCPAddr{IP: at, Port: 9464}, metrics).ServeHTTP(w, r)
			return w.Code
		}
		if got := ask(net.IPv4(127, 0, 0, 1)); got != want {
			t.Errorf("Host %q on loopback: %d, want %d", host, got, want)
		}
		if got := ask(net.IPv6zero); got != http.StatusOK {
			t.Errorf("Host %q on all addresses: %d", host, got)
		}
	}
}
