package config

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// Log is how log lines look and which are written.
type Log struct {
	Format string
	Level  string
}

// Flags registers the settings.
func (l *Log) Flags(f *pflag.FlagSet) {
	f.StringVar(&l.Format, "log-format", "", "`format` of log lines, text or json (default text on a terminal, else json)")
	env(f, "log-format", "REVOKER_LOG_FORMAT")
	f.StringVar(&l.Level, "log-level", "info", "least `level` of log lines: debug, info, warn or error")
	env(f, "log-level", "REVOKER_LOG_LEVEL")
}

// Logger returns a logger that writes to w: warnings and errors at once, and other lines within a tenth of a second.
// The caller flushes it in the end.
func (l *Log) Logger(w io.Writer) (log *slog.Logger, flush func(), err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return nil, nil, fmt.Errorf("--log-level %q must be debug, info, warn or error", l.Level)
	}
	lines := &buffer{w: w}
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler
	switch {
	case l.Format == "text", l.Format == "" && Terminal(w):
		handler = slog.NewTextHandler(lines, options)
	case l.Format == "json", l.Format == "":
		handler = slog.NewJSONHandler(lines, options)
	default:
		return nil, nil, fmt.Errorf("--log-format %q must be text or json", l.Format)
	}
	return slog.New(urgent{handler, lines}), lines.Flush, nil
}

// Terminal reports whether a reader or a writer is a terminal that a person looks at.
func Terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
