package config

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// written is a destination of log lines that tells what it got.
type written struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	return w.text.Write(p)
}

func (w *written) got() (lines, writes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.text.String(), "\n"), w.writes
}

func TestLogLinesAreWrittenTogetherAndWarningsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var to written
		log, flush, err := (&Log{Level: "info"}).Logger(&to)
		if err != nil {
			t.Fatal(err)
		}
		want := func(when string, lines, writes int) {
			t.Helper()
			if gotLines, gotWrites := to.got(); gotLines != lines || gotWrites != writes {
				t.Errorf("%s: %d lines in %d writes, want %d in %d", when, gotLines, gotWrites, lines, writes)
			}
		}
		for range 10 {
			log.Info("revoked")
		}
		want("at first", 0, 0)
		time.Sleep(flushEvery)
		synctest.Wait()
		want("a tenth of a second later", 10, 1)
		log.Info("revoked")
		log.With("imp_uid", "imp_1").WithGroup("g").Warn("dead")
		want("with a warning", 12, 2)
		time.Sleep(flushEvery)
		synctest.Wait()
		want("when nothing waits", 12, 2)
		log.Info("stopped")
		flush()
		want("in the end", 13, 3)
		log.Info(strings.Repeat("x", flushAt))
		want("when much waits", 14, 4)
	})
}
