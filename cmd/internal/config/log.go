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

// Logger returns a logger that writes to w.
func (l *Log) Logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		return nil, fmt.Errorf("--log-level %q must be debug, info, warn or error", l.Level)
	}
	options := &slog.HandlerOptions{Level: level}
	switch {
	case l.Format == "text", l.Format == "" && Terminal(w):
		return slog.New(slog.NewTextHandler(w, options)), nil
	case l.Format == "json", l.Format == "":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--log-format %q must be text or json", l.Format)
}

// Terminal reports whether a reader or a writer is a terminal that a person looks at.
func Terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
