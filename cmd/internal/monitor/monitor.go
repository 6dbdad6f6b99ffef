// Package monitor serves the web site by which people watch revocations: one page of
// gateways, batches, dead letters and single outcomes, in Korean and English, and beside it
// the Asynq web UI. It only shows, unless [Config.AllowActions] is set. It is the only
// importer of Asynqmon, so that an upgrade of that touches this package alone.
//
// A request passes, from outside to inside: protect (headers, loopback, other sites), login
// (if there is a password), and the page or the Asynq web UI. Everything that a browser
// loads is embedded in the program; the site asks no other site for anything.
package monitor

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"receiptrevoker/cmd/internal/monitor/login"
)

// ErrNoPassword is returned where people may change something, but the site does not ask
// who they are. Commands match it to say how a password is given.
var ErrNoPassword = errors.New("actions need a password")

// New returns the site, a handler that the caller serves; it starts nothing. The error
// matches [ErrNoPassword] or [login.ErrHash] where the password is at fault, and neither
// where a template or the Asynq web UI is. Redis need not answer yet.
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
	// What is inside is shown after a login alone, where there is one.
	inside := http.NewServeMux()
	inside.HandleFunc("GET /{$}", pages.overview)
	inside.Handle(AsynqPath+"/", ui)
	// People type the path without the slash at its end, where Asynqmon serves nothing.
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
	// What is outside of the login has nothing of anyone's data: the login form itself
	// needs the style.
	outside := http.NewServeMux()
	outside.Handle("/", guarded)
	// Browsers ask for a page's manifest without its cookie, and would be sent to the login
	// form for it.
	outside.Handle("GET "+AsynqPath+"/manifest.json", ui)
	outside.HandleFunc("GET /style.css", asset("text/css; charset=utf-8", style))
	outside.HandleFunc("GET /refresh.js", asset("text/javascript; charset=utf-8", script))
	outside.HandleFunc("GET /icon.svg", asset("image/svg+xml", icon))

	// /healthz is outside of all protection: probes of Kubernetes call it by the pod's
	// address, without a password. It does not ask Redis, as a restart mends none.
	site := http.NewServeMux()
	site.Handle("/", protect(outside, config.PasswordHash == ""))
	site.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("alive\n")) })
	return site, nil
}

// asset serves a file of the page. It is sent anew each time (no-store, see setHeaders): a
// few kilobytes, and never those of an older version of the program.
func asset(kind string, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(content)
	}
}
