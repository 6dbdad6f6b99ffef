package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// readyTimeout bounds the question whether a worker can work.
const readyTimeout = 5 * time.Second

// health tells others how a worker is: /healthz answers 200 while the process
// lives, /readyz while it can work, and otherwise 503 and why not.
func health(ready func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "alive")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if err := ready(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	return mux
}
