package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// A Redis is restored from a copy, as the runbook says: what was asked for since is asked
// again from the list, the order service and the worker's log, and no receipt is revoked
// twice.
func TestRestoredRedisIsCaughtUpWith(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("redis-cli"); err != nil {
		t.Skip(err)
	}
	const lines, single, lost = 30, "imp_800000000001", "imp_800000000002"
	first := newWorld(t, redistest.Start(t, "--appendonly", "yes").URL(), iamporttest.Config{})
	first.portone.Issue(iamporttest.Receipt{ImpUID: single}, iamporttest.Receipt{ImpUID: lost})
	list, dir := write(t, first.list(lines)), t.TempDir()
	first.expect(t, exitDone, "queue", "pause", "--all")
	first.expect(t, exitDone, "bulk", list, "--batch", "refunds") // which nobody has called yet
	redisCLIOf(t, first, "--rdb", filepath.Join(dir, "dump.rdb"))

	first.expect(t, exitDone, "queue", "resume", "--all")
	log := workUntilRevoked(t, first, lines, single)
	first.expect(t, exitDone, "queue", "pause", "--all")
	first.expect(t, exitDone, "enqueue", lost) // is in no log

	restored := redistest.Start(t, "--dir", dir, "--appendonly", "no")
	second := first.with(map[string]string{"REDIS_URL": restored.URL()})
	redisCLIOf(t, second, "CONFIG", "SET", "appendonly", "yes")
	redisCLIOf(t, second, "SET", "{receipt}:lossy", "1", "EX", "86400")
	second.expect(t, exitDone, "queue", "pause", "--all")
	startWork(t, second.environment)
	second.expect(t, exitDone, "bulk", list, "--batch", "refunds")
	since := write(t, keep(log, `"imp_uid"`))
	second.shows(t, exitDone, "\n  new                     1 ", "bulk", since, "--dry-run")
	second.expect(t, exitDone, "bulk", since, "--batch", "since-the-backup")
	second.expect(t, exitDone, "enqueue", lost)
	second.expect(t, exitDone, "queue", "resume", "--all")
	second.expect(t, exitDone, "enqueue", single, lost, "--wait")
	second.expect(t, exitDone, "batch", "show", "refunds", "--wait")
	for truth := range first.portone.Truths() {
		if truth.Effective != 1 {
			t.Errorf("%s was revoked %d times", truth.ImpUID, truth.Effective)
		}
	}
}

// workUntilRevoked runs a worker until the batch and the single request have ended, and
// returns its log.
func workUntilRevoked(t *testing.T, w *world, lines int, single string) string {
	t.Helper()
	log := ""
	t.Run("before the restoring", func(t *testing.T) { // the worker ends with it
		written := startWork(t, w.environment)
		w.expect(t, exitDone, "enqueue", single, "--wait")
		w.expect(t, exitDone, "batch", "show", "refunds", "--wait")
		redistest.Eventually(t, 30*time.Second, "all is in the log", func() bool {
			log = written.String()
			return strings.Count(log, `"msg":"revoked"`) == lines+1
		})
	})
	return log
}

// redisCLIOf runs redis-cli on the Redis of a world.
func redisCLIOf(t *testing.T, w *world, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-u", w.environment["REDIS_URL"]}, args...)...)
	command.Env = os.Environ()
	if out, err := command.CombinedOutput(); err != nil || strings.Contains(string(out), "ERR") {
		t.Fatalf("redis-cli %q: %v\n%s", args, err, out)
	}
}

// keep returns the lines of a text that have the word in them.
func keep(text, word string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
