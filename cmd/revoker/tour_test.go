package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// tour carries every command out that works on lists and letters, with a worker
// that runs already: the producer's as one user of Redis, the operator's as
// another.
type tour struct {
	producer, operator *world
	lines, refused     int
}

// run lets PortOne refuse some lines of a list, and takes them to their end.
func (x tour) run(t *testing.T) {
	t.Helper()
	portone, list, dir := x.producer.portone, x.producer.list(x.lines), t.TempDir()
	for i := range x.refused {
		portone.Inject(iamporttest.Rule{ImpUID: fmt.Sprintf("imp_%012d", i), Fault: iamporttest.BadRequest})
	}
	file, report := write(t, list), filepath.Join(dir, "report.csv")
	x.producer.expect(t, exitUnfinished, "bulk", file, "--batch", "tour", "--wait", "--report", report)
	if revoked := x.producer.compare(t, report, x.lines); revoked != x.lines-x.refused {
		t.Errorf("%d are revoked, want %d", revoked, x.lines-x.refused)
	}
	x.producer.shows(t, exitDone, "\n  dead     not_issued ", "bulk", file, "--dry-run")
	x.read(t, dir)
	x.bury(t, dir)
}

// read looks at what there is, as those do who asked for it.
func (x tour) read(t *testing.T, dir string) {
	t.Helper()
	p := x.producer
	p.shows(t, exitDone, fmt.Sprint(x.lines), "batch", "list")
	p.shows(t, exitUnfinished, fmt.Sprintf(`"dead":%d`, x.refused), "batch", "show", "tour", "--json")
	again := filepath.Join(dir, "again.csv")
	p.expect(t, exitDone, "batch", "report", "tour", "--output", again)
	p.compare(t, again, x.lines)
	p.shows(t, exitUnfinished, `"reason":"not_issued"`, "status", "imp_000000000000", "--json")
	p.shows(t, exitDone, `"status":"revoked"`, "outcomes", "--json")
	p.portone.Issue(iamporttest.Receipt{ImpUID: "imp_900000000001"})
	p.shows(t, exitDone, " revoked ", "enqueue", "imp_900000000001", "--wait")
	x.ask(t)
}

// ask asks for what no worker has taken up yet, and after what nobody asked for.
func (x tour) ask(t *testing.T) {
	t.Helper()
	const queue, impUID = "receipts-settle", "imp_900000000002"
	p := x.producer
	p.portone.Issue(iamporttest.Receipt{ImpUID: impUID, PG: tasks.Settle})
	x.operator.shows(t, exitDone, "paused", "queue", "pause", queue) // which does not exist yet
	p.shows(t, exitDone, " queued", "enqueue", impUID, "--pg", "settle")
	p.shows(t, exitDone, " queued", "enqueue", impUID, "--pg", "settle")
	p.shows(t, exitUnfinished, " queued", "status", impUID)
	p.shows(t, exitUnfinished, " unknown", "status", "imp_900000000009")
	x.operator.shows(t, exitDone, "resumed", "queue", "resume", queue)
	p.expect(t, exitDone, "enqueue", impUID, "--wait")
}

// bury deals with the letters: one is discarded, and the others are revoked at last.
func (x tour) bury(t *testing.T, dir string) {
	t.Helper()
	o := x.operator
	if n := strings.Count(o.shows(t, exitDone, "imp_", "dead", "list", "--json"), "\n"); n != x.refused {
		t.Errorf("%d dead letters, want %d", n, x.refused)
	}
	o.expect(t, exitDone, "dead", "export", filepath.Join(dir, "letters.csv"))
	o.expect(t, exitDone, "dead", "discard", "imp_000000000000", "--yes")
	o.expect(t, exitDone, "dead", "settle", "imp_000000000001", "--not-revoked", "--reason", "seen", "--yes")
	o.portone.Clear()
	o.shows(t, exitDone, "receipts-bulk-kcp", "queue", "list")
	o.shows(t, exitDone, "receipts-bulk-kcp", "queue", "pause", "--all", "--reason", "maintenance")
	o.shows(t, exitDone, "receipts-bulk-kcp", "queue", "resume", "--all")
	o.expect(t, exitDone, "dead", "retry", "--reason", "not_issued,stated_not_revoked", "--rate", "0")
	o.shows(t, exitUnfinished, fmt.Sprintf(`"revoked":%d`, x.lines-1), "batch", "show", "tour", "--json", "--wait")
}

// shows carries a command out that must end with the exit code and show the
// text.
func (w *world) shows(t *testing.T, code int, text string, args ...string) (stdout string) {
	t.Helper()
	stdout = w.expect(t, code, args...)
	if !strings.Contains(stdout, text) {
		t.Errorf("revoker %s shows no %s:\n%.2000s", strings.Join(args, " "), text, stdout)
	}
	return stdout
}
