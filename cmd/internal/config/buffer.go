package config

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// flushEvery is how long a line waits at most that is no warning.
	flushEvery = 100 * time.Millisecond
	// flushAt is how many bytes wait at most.
	flushAt = 64 << 10
)

// buffer collects log lines for a moment. A worker writes one for each receipt, and to hand a line to
// the system costs more than to compose it.
type buffer struct {
	w io.Writer

	mu    sync.Mutex
	lines []byte
}

// Write takes a line, which is written soon.
func (b *buffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) == 0 {
		time.AfterFunc(flushEvery, b.Flush)
	}
	b.lines = append(b.lines, line...)
	if len(b.lines) >= flushAt {
		b.write()
	}
	return len(line), nil
}

// Flush writes what waits. What cannot be written is lost, as it is without a buffer: there is nobody to tell.
func (b *buffer) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.write()
}

func (b *buffer) write() {
	if len(b.lines) > 0 {
		_, _ = b.w.Write(b.lines)
		b.lines = b.lines[:0]
	}
}

// urgent writes warnings and errors at once, and all that came before.
type urgent struct {
	slog.Handler
	buffer *buffer
}

func (u urgent) Handle(ctx context.Context, r slog.Record) error {
	err := u.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		u.buffer.Flush()
	}
	return err
}

func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.buffer}
}

func (u urgent) WithGroup(name string) slog.Handler {
	return urgent{u.Handler.WithGroup(name), u.buffer}
}
