package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"receiptrevoker/cmd/internal/monitor/login"
	"receiptrevoker/worker"
)

// serve answers HTTP requests until ctx is done, and then for five seconds those that have been begun.
// The health of a worker, the web site and the simulated PortOne are served by it, with the same bounds:
// without them a client that sends its request slowly, or reads the answer slowly, holds a connection
// for ever. It returns nil once ctx has ended it, and otherwise the error of the server. It closes the
// listener either way.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		// An action of the web site on all tasks of a queue takes a while. The simulated PortOne
		// leaves a call without an answer for longer than its client waits, a minute by default.
		WriteTimeout:   2 * time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		// ctx has ended, so the wait needs a context of its own.
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		// A connection that is still at work after five seconds is cut: the process is to end.
		if server.Shutdown(patience) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(listener)
	// stop reports true while ctx has not ended: then the server failed by itself.
	if stop() {
		return err
	}
	// Serve returns as soon as Shutdown begins. Requests are answered until Shutdown returns.
	<-stopped
	return nil
}

// forItself answers, where a listener is on loopback, only requests whose Host is a loopback address: a
// page of an attacker, in a browser of the same machine, can make its own name lead to 127.0.0.1 and read
// the names of batches in /metrics, but then Host has that name. A probe by HTTP/1.0 sends no Host.
func forItself(at net.Addr, handler http.Handler) http.Handler {
	if tcp, ok := at.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != "" && !login.Loopback(r.Host) {
			http.Error(w, "this port answers only at a loopback address such as http://127.0.0.1: "+
				"give --http another address to be asked from elsewhere", http.StatusForbidden)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// readyTimeout bounds how long /readyz looks for what is wrong. A probe of Kubernetes waits one second
// by default (timeoutSeconds), and a late answer counts as a failure. The rest of the second is for the
// network and for a busy machine.
const readyTimeout = 700 * time.Millisecond

// healthHandler answers how a worker is. /healthz answers 200 while the process works as such, which a
// Redis or a PortOne that is away does not change: a restart would mend neither. /readyz answers 200
// while the worker can carry revocations out. Otherwise both answer 503 and what is wrong, never a
// secret. /metrics is for Prometheus.
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

// answer writes 200 and a word, or 503 and what is wrong.
func answer(w http.ResponseWriter, well string, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, well)
}
