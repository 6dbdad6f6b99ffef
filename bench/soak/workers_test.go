package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
)

// TestCrashIsNoted lets a worker end by itself.
func TestCrashIsNoted(t *testing.T) {
	t.Parallel()
	w := startWorkers(t, "echo the end; exit 1")
	redistest.Eventually(t, 10*time.Second, "a note of the worker that ended by itself", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.crashes) > 0 && strings.Contains(w.crashes[0], "the end")
	})
}

// TestKilledWorkerIsStartedAgain kills a worker on purpose, of which nothing is
// noted.
func TestKilledWorkerIsStartedAgain(t *testing.T) {
	t.Parallel()
	w := startWorkers(t, "echo imp_1; exec sleep 60")
	redistest.Eventually(t, 10*time.Second, "a first life", func() bool { return len(w.linesAbout("imp_1")) == 1 })
	if err := w.kill(0); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, 10*time.Second, "a second life", func() bool { return len(w.linesAbout("imp_1")) == 2 })
	w.close()
	if len(w.crashes) > 0 {
		t.Errorf("got %q, want nothing noted", w.crashes)
	}
}

// TestWorkersLogInUTC compares a worker's clock with that of the report.
func TestWorkersLogInUTC(t *testing.T) {
	t.Parallel()
	w := startWorkers(t, "date '+imp_1 %T %z'; exec sleep 60")
	redistest.Eventually(t, 10*time.Second, "a line of the worker", func() bool { return len(w.linesAbout("imp_1")) == 1 })
	if line := w.linesAbout("imp_1")[0]; !strings.Contains(line, " +0000 ") {
		t.Errorf("got %q, want it in UTC, as stamp has %s", line, stamp(time.Now()))
	}
}

// startWorkers starts one worker that runs a script of the shell.
func startWorkers(t *testing.T, script string) *workers {
	t.Helper()
	dir := t.TempDir()
	// Its one argument is "work".
	if err := os.WriteFile(filepath.Join(dir, "work"), []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	w := &workers{program: "/bin/sh", dir: dir, env: append(os.Environ(), "TZ=Asia/Seoul")}
	if err := w.start(1); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}
