package monitor

import (
	"net"
	"net/http"
)

// maxBody is how many bytes a request may bring: the IDs of a page of tasks,
// many times over.
const maxBody = 256 << 10

// policy is the content security policy of our own pages: nothing but what they
// are made of, and no page may frame them.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect keeps other sites from showing, reading or asking for what this one
// has. With loopbackOnly it answers only where it is called by a loopback
// address: any page could point a name of its own here, and read the answer.
func protect(site http.Handler, loopbackOnly bool) http.Handler {
	sameOrigin := http.NewCrossOriginProtection().Handler(site)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setHeaders(w.Header())
		if loopbackOnly && !loopback(r.Host) {
			http.Error(w, "this site has no password, and answers only at a loopback address such as http://127.0.0.1",
				http.StatusForbidden)
			return
		}
		if !safe(r.Method) && r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == "" {
			http.Error(w, "what changes something must say where it comes from, in Origin", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		sameOrigin.ServeHTTP(w, r)
	})
}

func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer, forms would hide their origin from us, too
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// safe reports whether a method changes nothing.
func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// loopback reports whether a Host header means this machine.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
