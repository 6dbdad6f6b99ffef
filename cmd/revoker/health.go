package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"receiptrevoker/worker"
)

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
