// Package monitor serves the web site by which people watch revocations: one
// page of gateways, batches, dead letters and single outcomes, in Korean and
// English, and beside it the Asynq web UI. It only shows, unless told
// otherwise. It is the only importer of Asynqmon.
package monitor

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"receiptrevoker/cmd/internal/monitor/login"
)

// ErrNoPassword is returned where people may change something, but the site does not ask
// who they are.
var ErrNoPassword = errors.New("actions need a password")

// New returns the site. The error matches [ErrNoPassword] or [login.ErrHash]
// where the password is at fault.
func New(config Config) (http.Handler, error) {
	if config.AllowActions && config.PasswordHash == "" {
		return nil, ErrNoPassword
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	pages, err := newPages(config)
	if err != nil {
		return nil, err
	}
	ui, err := newWebUI(config)
	if err != nil {
		return nil, err
	}
	inside := http.NewServeMux()
	inside.HandleFunc("GET /{$}", pages.overview)
	inside.Handle(AsynqPath+"/", ui)
	inside.Handle("GET "+AsynqPath, http.RedirectHandler(AsynqPath+"/", http.StatusMovedPermanently))

	var guarded http.Handler = inside
	if config.PasswordHash != "" {
		l, err := login.New(login.Config{
			Hash: config.PasswordHash, Form: pages.login, Log: config.Log, Now: config.Now,
		})
		if err != nil {
			return nil, err
		}
		guarded = l.Guard(inside)
	}
	outside := http.NewServeMux()
	outside.Handle("/", guarded)
	outside.Handle("GET "+AsynqPath+"/manifest.json", ui) // browsers ask for it without the cookie
	outside.HandleFunc("GET /style.css", asset("text/css; charset=utf-8", style))
	outside.HandleFunc("GET /refresh.js", asset("text/javascript; charset=utf-8", script))
	outside.HandleFunc("GET /icon.svg", asset("image/svg+xml", icon))

	site := http.NewServeMux()
	site.Handle("/", protect(outside, config.PasswordHash == ""))
	site.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("alive\n")) })
	return site, nil
}

// asset serves a file of the page.
func asset(kind string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(content)
	}
}
