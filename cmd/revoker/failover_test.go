package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// failoverTime is longer than Redis takes to fail over, and Asynq to give up a
// worker's lease.
const failoverTime = 50 * time.Second

// TestFailoverThroughSentinels kills the master while a list is asked for and
// worked on. Redis replicates after it has replied, so that the last moments of
// the master may be gone: what a list has lost of them, giving it again asks for.
func TestFailoverThroughSentinels(t *testing.T) {
	t.Parallel()
	durable := []string{"--appendonly", "yes", "--min-replicas-to-write", "1", "--min-replicas-max-lag", "2"}
	master := redistest.Start(t, durable...)
	replicas := []*redistest.Server{
		redistest.StartReplica(t, master, durable...), redistest.StartReplica(t, master, durable...),
	}
	sentinels := redistest.StartSentinels(t, master, 3, len(replicas))
	w := newWorld(t, sentinels.URL(), iamporttest.Config{Latency: iamporttest.Latency{Median: 20 * time.Millisecond}})
	const lines = 2000
	list, report := w.list(lines), filepath.Join(t.TempDir(), "report.csv")

	log := startWork(t, w.environment)
	half := strings.Index(list, fmt.Sprintf("imp_%012d", lines/2))
	rest, stdin := io.Pipe()
	type end struct {
		code   int
		stderr string
	}
	ended := make(chan end, 1)
	go func() {
		from := &world{w.portone, w.environment, io.MultiReader(strings.NewReader(list[:half]), rest)}
		code, _, stderr := from.run(t.Context(), "bulk", "-", "--batch", "failover", "--wait")
		ended <- end{code, stderr}
	}()
	redistest.Eventually(t, failoverTime, "a hundred receipts are revoked", func() bool {
		return strings.Count(log.String(), `"msg":"revoked"`) > 100
	})
	master.Kill()
	if _, err := io.WriteString(stdin, list[half:]); err != nil {
		t.Fatal(err)
	}
	stdin.Close()
	redistest.Eventually(t, failoverTime, "a replica is the master", func() bool {
		return sentinels.Master(t) != master.Addr
	})
	first := <-ended
	t.Logf("the list, during the failover: exit code %d:\n%s", first.code, first.stderr)

	code, _, stderr := w.run(t.Context(), "bulk", write(t, list), "--batch", "failover", "--wait", "--report", report)
	if code != exitDone {
		t.Errorf("the list, given again: exit code %d: %s", code, stderr)
	}
	t.Log(stderr)
	if revoked := w.compare(t, report, lines); revoked != lines {
		t.Errorf("%d are revoked, want %d", revoked, lines)
	}
	if stdout := w.expect(t, exitDone, "batch", "list"); !strings.Contains(stdout, "finished") {
		t.Errorf("the batch is not finished:\n%s", stdout)
	}
}
