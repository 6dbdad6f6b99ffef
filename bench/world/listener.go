package world

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// listener is the log of a process, of every level. It enters the lines about an imp_uid into the
// history, and fails for a line that holds a secret or raises a false alarm: one that a person
// would have to act on although no data in Redis is damaged.
type listener struct {
	world *world
	who   string
	attrs string // of all lines
}

// Enabled takes every line.
func (l *listener) Enabled(context.Context, slog.Level) bool { return true }

// Handle reads a line. Its error is always nil: slog's callers ignore it.
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
	if l.world.secretIn(line + l.attrs) {
		l.world.fail("", "a log line of %s holds a secret: %s", l.who, line)
	}
	l.world.lookout.hear(impUID, r.Message, l.who+" "+line)
	// The product asks a person to mend keys that hold what no program of this project writes.
	// No fault of the simulation writes such, not even a Redis that loses its last second.
	if strings.Contains(line, "mend its keys") {
		l.world.fail(impUID, "%s asks people to mend keys that nothing has damaged: %s", l.who, line)
	}
	if impUID != "" {
		l.world.note(impUID, l.who, "logs "+line)
	}
	return nil
}

// WithAttrs keeps attributes to look for secrets in them: a secret in one stands in every line.
func (l *listener) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &listener{l.world, l.who, l.attrs + fmt.Sprint(attrs)}
}

// WithGroup keeps nothing: a name of a group cannot be a secret.
func (l *listener) WithGroup(string) slog.Handler { return l }
