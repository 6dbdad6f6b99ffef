package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
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
