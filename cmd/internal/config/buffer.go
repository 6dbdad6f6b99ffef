package config

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// flushEvery is how long a line below a warning waits at most. A process that is killed
	// loses the lines of that time, so it is short; deploy/REFERENCE.md, Traces and logs,
	// tells readers of it.
	flushEvery = 100 * time.Millisecond
	// flushAt is how many bytes wait at most, a few hundred lines: a burst costs several
	// writes and not an ever larger buffer.
	flushAt = 64 << 10
)

// buffer collects log lines for up to [flushEvery]. A worker writes a line for each
// attempt, and to hand a line to the system costs more than to compose it.
//
// It has no goroutine of its own: the first line that waits starts a timer, and an idle
// process has none running.
type buffer struct {
	// w is called by one goroutine at a time, with mu held.
	w io.Writer

	mu sync.Mutex
	// lines are complete lines, since slog's handlers hand a whole record to each Write.
	lines []byte
}

// Write keeps a copy of the line, which is written within [flushEvery]. It never fails:
// where the write behind it fails, the caller has returned long before.
func (b *buffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	// Only the first line starts a timer. Where [buffer.Flush] has written that line since,
	// the timer still fires, and writes lines that came later before their time.
	if len(b.lines) == 0 {
		time.AfterFunc(flushEvery, b.Flush)
	}
	b.lines = append(b.lines, line...)
	if len(b.lines) >= flushAt {
		b.write()
	}
	return len(line), nil
}

// Flush writes the lines that wait. Lines that cannot be written are lost, as they are
// without a buffer: standard error was the only place where to say so. The process calls it
// before it ends, since the timer does not outlive it.
func (b *buffer) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.write()
}

// write must be called with mu held. The lines keep their memory for the next burst.
func (b *buffer) write() {
	if len(b.lines) > 0 {
		_, _ = b.w.Write(b.lines)
		b.lines = b.lines[:0]
	}
}

// urgent is a handler that writes warnings and errors at once, and before them the lines
// that came before, so that the log stays in order. A warning is often the last that a
// process says before it ends.
type urgent struct {
	slog.Handler
	buffer *buffer
}

// Handle hands the record to the buffer first and flushes then, so that one write carries
// both.
func (u urgent) Handle(ctx context.Context, r slog.Record) error {
	err := u.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		u.buffer.Flush()
	}
	return err
}

// WithAttrs must return an urgent: the handler within would buffer the warnings of a logger
// that has attributes, as the worker's have imp_uid and pg.
func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.buffer}
}

// WithGroup is there for the same reason as [urgent.WithAttrs].
func (u urgent) WithGroup(name string) slog.Handler {
	return urgent{u.Handler.WithGroup(name), u.buffer}
}
