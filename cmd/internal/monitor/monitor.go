// Package monitor serves the web site by which people watch revocations: one page of
// gateways, batches, dead letters and single outcomes, in Korean and English, and beside it
// the Asynq web UI. It only shows, unless [Config.AllowActions] is set. It is the only
// importer of Asynqmon, so that an upgrade of that touches this package alone.
//
// A request passes, from outside to inside: protect (headers, proxies, loopback, other
// sites), login, and the page or the Asynq web UI. Everything that a browser
// loads is embedded in the program; the site asks no other site for anything.
package monitor

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"receiptrevoker/cmd/internal/monitor/login"
)

var (
	// ErrNobody is returned where nothing says whom the site admits.
	ErrNobody = errors.New("the site admits nobody")
	// ErrNobodyActs is returned where people may change something, but no user may.
	ErrNobodyActs = errors.New("actions need a password, or a user of the role act")
)

// New returns the site, a handler that the caller serves; it starts nothing. The error
// matches [ErrNobody] or [ErrNobodyActs] where the access is at fault, and neither where a
// template or the Asynq web UI is. Redis need not answer yet.
func New(config Config) (http.Handler, error) {
	switch {
	case !config.Access.Anyone():
		return nil, ErrNobody
	case config.AllowActions && !config.Access.Users.Acts():
		return nil, ErrNobodyActs
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
	ui, err := newWebUIs(config)
	if err != nil {
		return nil, err
	}
	// What is inside is shown to those alone whom the login admits.
	inside := http.NewServeMux()
	inside.HandleFunc("GET /{$}", pages.overview)
	inside.Handle(AsynqPath+"/", ui)
	// People type the path without the slash at its end, where Asynqmon serves nothing.
	inside.Handle("GET "+AsynqPath, http.RedirectHandler(AsynqPath+"/", http.StatusMovedPermanently))

	guard := login.New(login.Config{
		Access: config.Access, Form: pages.login, Unattended: unattended, Log: config.Log, Now: config.Now,
	})
	// What is outside of the login has nothing of anyone's data: the login form itself
	// needs the style.
	outside := http.NewServeMux()
	outside.Handle("/", guard.Guard(inside))
	// Browsers ask for a page's manifest without its cookie, and would be sent to the login
	// form for it.
	outside.Handle("GET "+AsynqPath+"/manifest.json", ui)
	outside.HandleFunc("GET /style.css", asset("text/css; charset=utf-8", style))
	outside.HandleFunc("GET /refresh.js", asset("text/javascript; charset=utf-8", script))
	outside.HandleFunc("GET /icon.svg", asset("image/svg+xml", icon))

	// /healthz is outside of all protection: probes of Kubernetes call it by the pod's
	// address, without a password. It does not ask Redis, as a restart mends none.
	site := http.NewServeMux()
	site.Handle("/", protect(outside, config))
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

// unattended reports whether a page asked by itself: page/refresh.js says so, and the Asynq
// web UI asks its API every few seconds. An unsafe method is a person's. Without scripts a
// page renews itself unseen, and its session lives until its end.
func unattended(r *http.Request) bool {
	return safe(r.Method) && (r.Header.Get("X-Refresh") != "" || strings.HasPrefix(r.URL.Path, AsynqPath+"/api/"))
}
