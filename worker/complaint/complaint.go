// Package complaint writes what goes wrong again and again to the log once in a while. A Redis that is
// away would fill the log within minutes: every slot and every queue fails several times a second.
package complaint

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks/asynqkeys"
)

// repeatAfter is how soon a complaint of the same kind is written again.
const repeatAfter = 30 * time.Second

// Log writes what goes wrong with Redis, at most one line of a kind in a while: every slot and every
// queue would say the same. Its methods are safe for concurrent use.
type Log struct {
	log *slog.Logger

	mu      sync.Mutex
	written map[string]time.Time
}

// NewLog returns a Log that writes to log.
func NewLog(log *slog.Logger) *Log {
	return &Log{log: log, written: make(map[string]time.Time)}
}

// Add writes a complaint, or, if its kind was written within [repeatAfter], at the level of debug. kind
// is a word of the caller's: two complaints with the same kind should have the same cause.
func (c *Log) Add(level slog.Level, kind, text string, args ...any) {
	c.mu.Lock()
	if time.Since(c.written[kind]) < repeatAfter {
		level = slog.LevelDebug
	} else {
		c.written[kind] = time.Now()
	}
	c.mu.Unlock()
	c.log.Log(context.Background(), level, text, args...)
}

// Asynq returns a log for Asynq. What Asynq tells of its own running, once for each gateway, is at the
// level of debug here.
func (c *Log) Asynq() asynq.Logger { return asynqLogger{c} }

// asynqLogger implements [asynq.Logger].
type asynqLogger struct{ complaints *Log }

func (l asynqLogger) Debug(args ...any) { l.complaints.log.Debug(l.text(args)) }
func (l asynqLogger) Info(args ...any)  { l.complaints.log.Debug(l.text(args)) }
func (l asynqLogger) Warn(args ...any)  { l.complain(slog.LevelWarn, args) }
func (l asynqLogger) Error(args ...any) { l.complain(slog.LevelError, args) }

// Fatal ends the process, as Asynq expects of it.
func (l asynqLogger) Fatal(args ...any) {
	l.complaints.log.Error(l.text(args))
	os.Exit(1)
}

// complain writes what is not said better elsewhere: that a task's retries are exhausted is said by the
// outcome of its dead letter.
func (l asynqLogger) complain(level slog.Level, args []any) {
	text := l.text(args)
	if asynqkeys.LogsExhausted(fmt.Sprint(args...)) {
		l.complaints.log.Debug(text)
		return
	}
	// Asynq's messages begin with what failed and end with what differs each time, such as an error:
	// the first four words, "asynq:" among them, make a kind.
	kind := text
	if words := strings.Fields(text); len(words) > 4 {
		kind = strings.Join(words[:4], " ")
	}
	l.complaints.Add(level, kind, text)
}

func (asynqLogger) text(args []any) string { return "asynq: " + fmt.Sprint(args...) }
