package world

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// listener is the log of a process: it enters the lines about an imp_uid into the history, and
// fails the run for a secret or a false alarm.
type listener struct {
	world *world
	who   string
	attrs string // of all lines
}

// Enabled takes every line, since a secret in a debug line is one, too.
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
	if l.world.secretIn(line + l.attrs) {
		l.world.fail("", "a log line of %s holds a secret: %s", l.who, line)
	}
	l.world.lookout.hear(impUID, r.Message, l.who+" "+line)
	// Nothing in a simulation damages keys: such an advice would send a person to look for what
	// is not there.
	if strings.Contains(line, "mend its keys") {
		l.world.fail(impUID, "%s asks people to mend keys that nothing has damaged: %s", l.who, line)
	}
	if impUID != "" {
		l.world.note(impUID, l.who, "logs "+line)
	}
	return nil
}

// WithAttrs keeps attributes to look for secrets in them.
func (l *listener) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &listener{l.world, l.who, l.attrs + fmt.Sprint(attrs)}
}

// WithGroup keeps nothing: a group's name is a constant of the program.
func (l *listener) WithGroup(string) slog.Handler { return l }
