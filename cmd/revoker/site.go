package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// serveSite serves people's browsers until ctx is done, and then what has been
// begun. Who is slow, or asks for too much, is cut off.
func serveSite(ctx context.Context, listener net.Listener, site http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           site,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      time.Minute, // an action on all tasks of a queue takes a while
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
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
