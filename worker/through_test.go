package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// A page of maintenance comes instead of every answer about a receipt, and tokens are given.
func TestNotReadyWhileNothingGetsThrough(t *testing.T) {
	t.Parallel()
	b := newBench(t, redistest.Embedded(t), iamporttest.Config{})
	var maintenance atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if maintenance.Load() && strings.HasPrefix(r.URL.Path, "/receipts/") {
			_, _ = w.Write([]byte("<html>점검 중입니다</html>"))
			return
		}
		b.portone.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	log := &lines{}
	w, _ := b.startWorker(t, func(config *worker.Config) { config.Log = slog.New(slog.NewTextHandler(log, nil)) })
	eventually(t, "it is ready", func() bool { return w.Ready(t.Context()) == nil })
	maintenance.Store(true)
	b.issue(t, "down", 20)
	eventually(t, "it is not ready", func() bool {
		err := w.Ready(t.Context())
		return err != nil && strings.Contains(err.Error(), "nothing gets through to PortOne") &&
			strings.Contains(err.Error(), "HTTP 200")
	})
	eventually(t, "it is told", func() bool { return log.count("level=WARN msg=\"nothing gets through to PortOne") == 1 })
	maintenance.Store(false)
	eventually(t, "it is ready again", func() bool { return w.Ready(t.Context()) == nil })
}

// However long it lasts, it is told once, and once that it is over.
func TestBlockedIsToldWhenItTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var blocked atomic.Bool
		log := &lines{}
		go worker.TellBlocked(ctx, slog.New(slog.NewTextHandler(log, nil)), func() error {
			if blocked.Load() {
				return errors.New("HTTP 200")
			}
			return nil
		})
		for turn, want := range []struct {
			blocked    bool
			told, over int
		}{{false, 0, 0}, {true, 1, 0}, {true, 1, 0}, {false, 1, 1}, {false, 1, 1}, {true, 2, 1}, {false, 2, 2}} {
			blocked.Store(want.blocked)
			time.Sleep(time.Minute)
			told, over := log.count(`level=WARN msg="nothing gets through to PortOne`), log.count(`level=INFO msg="ready for PortOne again`)
			if told != want.told || over != want.over {
				t.Errorf("minute %d: told %d times, %d times that it is over, want %d and %d", turn, told, over, want.told, want.over)
			}
		}
		if n := log.count(`error="HTTP 200"`); n != 2 {
			t.Errorf("the reason is told %d times:\n%s", n, &log.text)
		}
	})
}

// A worker whose calls failed is ready once another one has revoked a receipt.
func TestAnotherWorkersSuccessCountsAsAnAnswer(t *testing.T) {
	t.Parallel()
	portone := iamporttest.New(iamporttest.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/receipts/") {
			_, _ = w.Write([]byte("<html></html>"))
			return
		}
		portone.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	api, err := iamport.NewClient(iamport.Config{
		URL: server.URL, Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret, Timeout: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	states := map[gate.Name]gate.State{"kcp": {SucceededAt: time.Unix(1, 0)}}
	blocked := worker.CutOff(api, func() map[gate.Name]gate.State { return states })
	if err := blocked(); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if _, err := api.RevokeReceipt(t.Context(), "imp_1"); err == nil {
			t.Fatal("a page revokes it")
		}
	}
	eventually(t, "nothing gets through", func() bool { return blocked() != nil })
	states["nice"] = gate.State{SucceededAt: time.Unix(2, 0)} // on whatever clock
	if err := blocked(); err != nil {
		t.Errorf("another worker has revoked a receipt, and this one says %v", err)
	}
}
