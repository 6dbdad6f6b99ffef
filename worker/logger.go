package worker

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// asynqLogger passes Asynq's log on to ours. What Asynq tells of its own
// running, once for each gateway, is detail here.
type asynqLogger struct{ log *slog.Logger }

func (l asynqLogger) Debug(args ...any) { l.log.Debug(l.text(args)) }
func (l asynqLogger) Info(args ...any)  { l.log.Debug(l.text(args)) }
func (l asynqLogger) Error(args ...any) { l.log.Error(l.text(args)) }

// Warn leaves out what the outcome of each dead letter says better.
func (l asynqLogger) Warn(args ...any) {
	text := l.text(args)
	if strings.HasPrefix(text, "asynq: Retry exhausted") {
		l.log.Debug(text)
		return
	}
	l.log.Warn(text)
}

// Fatal ends the process, as Asynq expects of it.
func (l asynqLogger) Fatal(args ...any) {
	l.log.Error(l.text(args))
	os.Exit(1)
}

func (asynqLogger) text(args []any) string { return "asynq: " + fmt.Sprint(args...) }
