package world

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/worker/iamport/iamporttest"
)

// pauseGrace is how long after a person's pause calls may still arrive: it is effective within
// two seconds, and the network takes some time.
const pauseGrace = 5 * time.Second

// arrive looks at a call as it arrives at PortOne, before it is decided how to answer it.
func (w *world) arrive(c iamporttest.Call) {
	// PortOne's own clock is skewed against the processes'.
	c.At = time.Now()
	w.proof.Call(c)
	if c.Operation != iamporttest.OpRevoke {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.result.Deletes++
	if _, wanted := w.wanted[c.ImpUID]; !wanted {
		w.failed(c.ImpUID, "DELETE, which nobody has asked for")
		return
	}
	p := w.paymentOf(c.ImpUID)
	if !p.receipt.PG.LooksUp() {
		// If Redis loses this moment, no lookup tells that the receipt was revoked in it.
		w.unshown++
	}
	for _, f := range w.active {
		if f.Kind == Outage && f.PG == p.receipt.PG {
			w.during(f, p)
		}
	}
	if since, paused := w.paused[p.PG]; paused && w.undisturbed() && time.Since(since) > pauseGrace {
		w.failed(c.ImpUID, fmt.Sprintf("DELETE, %v after a person had paused %s", time.Since(since), p.PG))
	}
}

// asked returns the payment of a call.
func (w *world) asked(impUID string) payment {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.paymentOf(impUID)
}

// undisturbed reports whether nothing keeps a worker now from hearing what it is told, and from
// acting by it. Kills do not count: a dead worker does nothing. The caller holds w.mu.
func (w *world) undisturbed() bool {
	return !slices.ContainsFunc(w.active, func(f Fault) bool {
		return f.disturbs() && f.Kind != Kill
	})
}

// overhear enters every call of PortOne into the history, and keeps the tokens, which no log
// line may have. It judges DELETEs as they arrive and as they are answered; whole is false for
// one whose connection PortOne cut.
func (w *world) overhear(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		impUID := impUIDIn(r.URL.Path)
		who, _ := r.Context().Value(callerKey{}).(string)
		// A call for a token is of no receipt. Its answer has a token that callers will use, which
		// is kept once they do.
		if impUID == "" {
			next.ServeHTTP(rw, r)
			return
		}
		w.mu.Lock()
		w.tokens[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] = true
		w.mu.Unlock()
		seen := &statusWriter{ResponseWriter: rw}
		first, whole := w.lookout.meet(impUID), false
		var c call
		defer func() {
			truth, _ := w.portone.Truth(impUID)
			w.note(impUID, who, fmt.Sprintf("%s answered %d, effective %d", r.Method, seen.status, truth.Effective))
			w.answered(r.Method, who, impUID, whole, seen)
			if whole && r.Method == http.MethodDelete {
				w.lookout.answer(c, seen)
			}
		}()
		w.note(impUID, who, r.Method+" arrives")
		if r.Method == http.MethodDelete {
			w.checkPutOff(who, impUID)
			c = w.lookout.arrive(who, w.asked(impUID), first)
		}
		next.ServeHTTP(seen, r)
		whole = true
	})
}

// answered notes of a DELETE that it may have worked unseen, if PortOne did not answer it in
// its own form; and of a lookup before a DELETE for how long PortOne wants no call.
func (w *world) answered(method, who, impUID string, whole bool, seen *statusWriter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case method == http.MethodDelete:
		if !whole || !strings.HasPrefix(seen.Header().Get("Content-Type"), "application/json") {
			w.doubted[impUID] = true
		}
	case seen.status == http.StatusTooManyRequests && whole && w.undisturbed() && !w.justCalled(impUID):
		seconds, _ := strconv.Atoi(seen.Header().Get("Retry-After")) // none is 0
		w.putOff[who+impUID] = time.Now().Add(time.Duration(seconds) * time.Second)
	}
}

// justCalled reports whether a lookup follows a DELETE of the same attempt: its Retry-After
// comes too late for that one.
func (w *world) justCalled(impUID string) (just bool) {
	w.proof.Note(func() { just = w.proof.DeletesSince(impUID, time.Now().Add(-soon)) > 0 })
	return just
}

// checkPutOff fails if a process makes a DELETE although its lookup of the same receipt was
// just told to come back later.
func (w *world) checkPutOff(who, impUID string) {
	w.mu.Lock()
	until := w.putOff[who+impUID]
	w.mu.Unlock()
	if wait := time.Until(until); wait > 0 {
		w.fail(impUID, "DELETE of %s, %v before the Retry-After of its lookup is over", who, wait)
	}
}

// secretIn reports whether a log line holds a secret: a token that was used, the imp_secret, or
// the header that carries a token.
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
