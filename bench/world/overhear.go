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

// pauseGrace is how long after a person's pause calls may still arrive. REFERENCE.md, "Pauses and
// limits", promises that none leaves later than two seconds after pause has returned; the rest is
// for the network.
const pauseGrace = 5 * time.Second

// arrive looks at a call as PortOne gets it, before it is answered. What must hold of every DELETE
// alone is checked here: that its receipt was requested, and that no person had paused its
// gateway. What depends on the process that calls is checked by overhear and the lookout.
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
		w.failed(c.ImpUID, "DELETE, which nobody has asked for")
		return
	}
	p := w.paymentOf(c.ImpUID)
	if !p.receipt.PG.LooksUp() {
		w.unshown++
	}
	for _, f := range w.active {
		if f.Kind == Outage && f.PG == p.receipt.PG {
			w.during(f, p)
		}
	}
	// By the gateway that the producer named: so are the queues that a person has paused.
	if since, paused := w.paused[p.PG]; paused && w.undisturbed() && time.Since(since) > pauseGrace {
		w.failed(c.ImpUID, fmt.Sprintf("DELETE, %v after a person had paused %s", time.Since(since), p.PG))
	}
}

// asked returns the payment of a call, by its imp_uid. The caller does not hold w.mu.
func (w *world) asked(impUID string) payment {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.paymentOf(impUID)
}

// undisturbed reports whether no fault keeps a worker now from hearing what it is told, and
// from acting by it. A worker that is killed does not count: it makes no call, and the others
// hear as before. The caller holds w.mu.
func (w *world) undisturbed() bool {
	return !slices.ContainsFunc(w.active, func(f Fault) bool {
		return f.disturbs() && f.Kind != Kill
	})
}

// overhear enters every call for a receipt into the history, and keeps the tokens with which such
// calls come, so that no log line may have one. It stands around the simulated PortOne as a proxy
// would, and knows from the connection which process calls.
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
		// The simulated PortOne cuts a connection by a panic (http.ErrAbortHandler), which passes
		// through here: whole stays false then, and the deferred part still runs.
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

// answered notes of a DELETE whether its answer was whole and JSON, as PortOne's are: after any
// other it may have worked unseen, and its request may end as unconfirmed. Of a lookup before a
// DELETE it notes for how long PortOne wants no call. A lookup right after one is left out: it only
// tells what the DELETE did, and what follows is another attempt.
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

// justCalled reports whether a lookup follows a DELETE of the same attempt, which it does within
// a second. The caller holds w.mu.
func (w *world) justCalled(impUID string) (just bool) {
	w.proof.Note(func() { just = w.proof.DeletesSince(impUID, time.Now().Add(-soon)) > 0 })
	return just
}

// checkPutOff fails if a process makes a DELETE although its lookup of the same receipt was
// told to come back later, and that time is not over. Who was told is decided by [world.answered],
// where no fault can have kept the answer from the process.
func (w *world) checkPutOff(who, impUID string) {
	w.mu.Lock()
	until := w.putOff[who+impUID]
	w.mu.Unlock()
	if wait := time.Until(until); wait > 0 {
		w.fail(impUID, "DELETE of %s, %v before the Retry-After of its lookup is over", who, wait)
	}
}

// secretIn reports whether a log line holds a secret: a token that was used, the imp_secret, or the
// word that stands before a token in a header.
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
