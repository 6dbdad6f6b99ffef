package config

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// Log is how log lines look and which are written. The commands work and monitor have these
// settings; others print for people.
type Log struct {
	// Format is text, json, or empty for text on a terminal and JSON elsewhere: a person
	// reads the one, log collectors the other.
	Format string
	// Level is debug, info, warn or error, in any case.
	Level string
	// Escape, if not nil, is applied to each line in JSON; no flag sets it. slog leaves the
	// characters from U+007F on as they are, some of which a terminal obeys. In the text
	// format it quotes them itself.
	Escape func(json []byte) []byte
}

// Flags registers the settings.
func (l *Log) Flags(f *pflag.FlagSet) {
	f.StringVar(&l.Format, "log-format", "", "`format` of log lines, text or json (default text on a terminal, else json)")
	env(f, "log-format", "REVOKER_LOG_FORMAT")
	f.StringVar(&l.Level, "log-level", "info", "least `level` of log lines: debug, info, warn or error")
	env(f, "log-level", "REVOKER_LOG_LEVEL")
}

// Logger returns a logger that writes warnings and errors to w at once, and other lines
// within a tenth of a second. The caller calls flush before the process ends, or the lines
// of that time are lost. The error names the setting.
func (l *Log) Logger(w io.Writer) (log *slog.Logger, flush func(), err error) {
	var level slog.Level
	// slog also reads forms such as "info+2"; they are allowed and not advertised.
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
		handler = slog.NewJSONHandler(escaper{lines, l.Escape}, options)
	default:
		return nil, nil, fmt.Errorf("--log-format %q must be text or json", l.Format)
	}
	return slog.New(urgent{handler, lines}), lines.Flush, nil
}

// escaper writes lines as [Log.Escape] changes them.
type escaper struct {
	w      io.Writer
	escape func([]byte) []byte
}

func (e escaper) Write(line []byte) (int, error) {
	if e.escape == nil {
		return e.w.Write(line)
	}
	if _, err := e.w.Write(e.escape(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// Terminal reports whether a reader or a writer is a terminal, as [os.Stdin] may be. Only
// there may a command ask a question, draw a bar or fold lines; tests hand in buffers,
// which are none.
func Terminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
