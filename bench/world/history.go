package world

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"receiptrevoker/worker/iamport/iamporttest"
)

// event is something that concerned an imp_uid.
type event struct {
	at   time.Duration // virtual, from the start
	who  string
	what string
}

// history is what was done about each imp_uid, in order.
type history struct {
	mu  sync.Mutex
	all map[string][]event
}

func newHistory() *history { return &history{all: make(map[string][]event)} }

func (h *history) note(impUID string, e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[impUID] = append(h.all[impUID], e)
}

// onePage is how many events of an imp_uid are shown.
const onePage = 60

// of returns the events of an imp_uid, one a line, the last ones if there are many.
func (h *history) of(impUID string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	all := h.all[impUID]
	for _, e := range all[max(0, len(all)-onePage):] {
		fmt.Fprintf(&b, "  %14v  %-12s %s\n", e.at.Round(time.Millisecond), e.who, e.what)
	}
	return b.String()
}

// impUIDIn returns the imp_uid in a path or a text, empty if there is none.
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

// statusWriter knows what was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap returns what [http.ResponseController] needs.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// listener is the log of a process: it enters the lines about an imp_uid into the
// history, and lets no secret pass.
type listener struct {
	world *world
	who   string
}

// Enabled takes every line.
func (l *listener) Enabled(context.Context, slog.Level) bool { return true }

// Handle reads a line.
func (l *listener) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	impUID := ""
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		if a.Key == "imp_uid" {
			impUID = a.Value.String()
		}
		return true
	})
	line := b.String()
	if strings.Contains(line, iamporttest.DefaultSecret) || strings.Contains(line, "Bearer") {
		l.world.fail("", "a log line of %s holds a secret: %s", l.who, line)
	}
	if impUID != "" {
		l.world.note(impUID, l.who, "logs "+line)
	}
	return nil
}

// WithAttrs keeps nothing: the lines that matter have their own.
func (l *listener) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup keeps nothing.
func (l *listener) WithGroup(string) slog.Handler { return l }
