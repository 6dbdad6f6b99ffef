package world

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"receiptrevoker/worker/iamport/iamporttest"
)

// pauseGrace is how long after a person's pause calls may still arrive: it is effective
// within two seconds, and the network takes some time.
const pauseGrace = 5 * time.Second

// arrive looks at a call that PortOne gets.
func (w *world) arrive(c iamporttest.Call) {
	c.At = time.Now() // not by PortOne's clock
	w.proof.Call(c)
	if c.Operation != iamporttest.OpRevoke {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.Deletes++
	if _, wanted := w.wanted[c.ImpUID]; !wanted {
		w.result.Failures = append(w.result.Failures, "DELETE for "+c.ImpUID+", which nobody has asked for")
		return
	}
	p := w.paymentOf(c.ImpUID)
	clear := true // nothing keeps a worker from seeing the pause
	for _, f := range w.active {
		switch f.Kind {
		case Outage:
			if f.PG == p.receipt.PG {
				w.inOutage[f]++
			}
		case RedisDown, RedisLoses, RedisFull, ReadOnly, CutBefore, CutAfter, Freeze:
			clear = false
		}
	}
	if since, paused := w.paused[p.PG]; paused && clear && time.Since(since) > pauseGrace {
		w.result.Failures = append(w.result.Failures, fmt.Sprintf("DELETE for %s, %v after a person had paused %s\n%s",
			c.ImpUID, time.Since(since), p.PG, w.history.of(c.ImpUID)))
	}
}

// paymentOf returns the payment with an imp_uid of the scenario.
func (w *world) paymentOf(impUID string) payment {
	for _, p := range w.payments {
		if p.ImpUID == impUID {
			return p
		}
	}
	return payment{}
}

// overhear enters every call of PortOne into the history, and keeps the tokens.
func (w *world) overhear(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		impUID := impUIDIn(r.URL.Path)
		who, _ := r.Context().Value(callerKey{}).(string)
		if impUID == "" {
			next.ServeHTTP(rw, r)
			return
		}
		w.mu.Lock()
		w.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] = true
		w.mu.Unlock()
		seen := &statusWriter{ResponseWriter: rw}
		defer func() {
			truth, _ := w.portone.Truth(impUID)
			w.note(impUID, who, fmt.Sprintf("%s answered %d, effective %d", r.Method, seen.status, truth.Effective))
		}()
		w.note(impUID, who, r.Method+" arrives")
		next.ServeHTTP(seen, r)
	})
}

// secretIn reports whether a log line holds a secret.
func (w *world) secretIn(line string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for token := range w.tokens {
		if token != "" && strings.Contains(line, token) {
			return true
		}
	}
	return strings.Contains(line, iamporttest.DefaultSecret) || strings.Contains(line, "Bearer")
}
