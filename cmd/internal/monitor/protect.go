package monitor

import (
	"net/http"
	"strings"
	"sync"

	"receiptrevoker/cmd/internal/monitor/login"
)

// maxBody is how many bytes a request may bring: the IDs of a page of tasks, many times
// over. A page of Asynqmon has at most 200 tasks, and an ID such as revoke:imp_448280090638
// has 23 bytes.
const maxBody = 256 << 10

// policy is the content security policy of our own pages: nothing but what they are made
// of, and no page may frame them. A text of PortOne's or of a producer that got into a page
// as HTML could neither run a script nor send anything elsewhere. The Asynq web UI has a
// policy of its own, see [asynqPolicy].
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect keeps other sites from showing, reading or asking for what this one has, and
// settles what is believed of a request: which address sent it, and at which origin.
func protect(site http.Handler, config Config) http.Handler {
	access, hint := config.Access, sync.Once{}
	// It refuses unsafe methods whose Sec-Fetch-Site or Origin names another site, and
	// passes those that have neither header, see [net/http.CrossOriginProtection]: those
	// are refused below.
	sameOrigin := http.NewCrossOriginProtection().Handler(site)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		if access.Secure() {
			// For a year a browser asks by HTTPS alone, also where a link says http.
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		if unbelieved(access, r) {
			hint.Do(func() {
				config.Log.Warn("a proxy forwards requests, but --public-url or --trusted-proxies does not say so: "+
					"cookies are sent by HTTP too, or all who come through it are one address", "remote", r.RemoteAddr)
			})
		}
		r = access.Arrived(r)
		if why := refuse(access, r); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		if access.PublicURL != nil {
			// What CrossOriginProtection compares Origin with. A proxy need not pass on Host.
			r.Host = access.PublicURL.Host
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		sameOrigin.ServeHTTP(w, r)
	})
}

// refuse returns why a request is not answered, empty if it is.
//
// Where a token is all that a site asks for, it answers only where Host is a loopback
// address: a page of an attacker can make its own name lead to 127.0.0.1 (DNS rebinding) and
// read the answer, but then Host has that name. A proxy may send a loopback Host for
// everybody, as that of nginx does by default, so what was forwarded is refused, too.
func refuse(access login.Access, r *http.Request) string {
	origin := r.Header.Get("Origin")
	switch {
	case access.Token != "" && !login.Loopback(r.Host):
		return "this site has no password, and answers only at a loopback address such as http://127.0.0.1"
	case access.Token != "" && forwarded(r.Header):
		return "this site has no password, and answers nothing that a proxy forwards: start it with a password"
	case safe(r.Method):
		return ""
	// Every browser of today sends one of the two with a POST or DELETE. What sends neither
	// is a script, which can say where it comes from.
	case origin == "" && r.Header.Get("Sec-Fetch-Site") == "":
		return "what changes something must say where it comes from, in Origin"
	case origin != "" && access.PublicURL != nil && origin != access.PublicURL.String():
		return "what changes something must come from " + access.PublicURL.String()
	}
	return ""
}

// forwarded reports whether a proxy says that it forwards a request.
func forwarded(h http.Header) bool {
	for name := range h {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Original-Forwarded-For", "True-Client-Ip",
			"Cf-Connecting-Ip":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

// unbelieved reports whether a proxy says what the settings do not: that browsers come by
// HTTPS, or whom it forwards.
func unbelieved(access login.Access, r *http.Request) bool {
	return access.Token == "" && (access.PublicURL == nil && r.Header.Get("X-Forwarded-Proto") == "https" ||
		len(access.Proxies) == 0 && r.Header.Get("X-Forwarded-For") != "")
}

// setHeaders sets what holds for every answer, refusals included. The Asynq web UI replaces
// two of them.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	// With no-referrer, forms would hide their origin from us, too.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// Outcomes must not stay in the cache of a machine that several people use, and a page
	// from the cache would show an old state as a new one.
	h.Set("Cache-Control", "no-store")
}

// safe reports whether a method changes nothing. OPTIONS is not among them: this site has
// no use for it.
func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }
