package world

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// event is something that concerned an imp_uid: a call, a log line, a Redis command, a deed of
// a person.
type event struct {
	at   time.Duration // virtual, from the start
	who  string
	what string
}

// history is what was done about each imp_uid, in order. It is printed for those with which an
// invariant breaks.
type history struct {
	mu  sync.Mutex
	all map[string][]event
}

func newHistory() *history { return &history{all: make(map[string][]event)} }

// note adds an event.
func (h *history) note(impUID string, e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[impUID] = append(h.all[impUID], e)
}

const (
	// atFirst is how many of an imp_uid's first events are shown, by which it came into its situation.
	atFirst = 20
	// atLast is how many of its last ones are.
	atLast = 40
)

// of returns the events of an imp_uid, one a line, the first and the last ones if there are many.
func (h *history) of(impUID string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	all := h.all[impUID]
	for i, e := range all {
		switch left := len(all) - atLast - atFirst; {
		case i < atFirst || i >= len(all)-atLast:
			fmt.Fprintf(&b, "  %14v  %-12s %s\n", e.at.Round(time.Millisecond), e.who, e.what)
		case i == atFirst:
			fmt.Fprintf(&b, "  … %d events …\n", left)
		}
	}
	return b.String()
}

// impUIDIn returns the imp_uid in a path or a text, empty if there is none: "imp_" and the
// digits behind it.
func impUIDIn(text string) string {
	_, rest, found := strings.Cut(text, "imp_")
	if !found {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	return "imp_" + rest[:end]
}

// statusWriter knows with which status a call was answered; 0 if the connection was cut before.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap returns what [http.ResponseController] needs, by which the simulated PortOne cuts
// connections.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
