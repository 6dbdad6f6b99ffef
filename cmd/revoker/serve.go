package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"receiptrevoker/worker"
)

// serve answers requests until ctx is done, and then those that have been begun.
// Who is slow, or asks for too much, is cut off.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		// An action on all tasks of a queue takes a while, and the simulated PortOne
		// lets a client wait for as long as that has patience, a minute by default.
		WriteTimeout:   2 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(patience) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(listener)
	if stop() { // nobody told it to end
		return err
	}
	<-stopped
	return nil
}

// readyTimeout bounds the question whether a worker can work: whoever asks may wait for a
// second only, as Kubernetes does by default.
const readyTimeout = 700 * time.Millisecond

// healthHandler tells others how a worker is: /healthz answers 200 while the process
// works as such, which a Redis or a PortOne that is away does not change;
// /readyz while it can carry revocations out. Otherwise both answer 503 and
// what is wrong. /metrics is for Prometheus.
func healthHandler(w *worker.Worker, scrape http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) {
		answer(rw, "alive", w.Alive())
	})
	mux.HandleFunc("GET /readyz", func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		answer(rw, "ready", w.Ready(ctx))
	})
	mux.Handle("GET /metrics", scrape)
	return mux
}

// answer says that all is well, or what is wrong.
func answer(w http.ResponseWriter, well string, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, well)
}
