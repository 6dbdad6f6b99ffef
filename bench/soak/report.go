package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

const (
	// target is how soon after the last fault every outcome should be terminal: Asynq alone may
	// take two minutes to give the task of a dead worker to another one. Measured: 2 min 11 s to
	// 2 min 43 s, by bench/README.md.
	target = 3 * time.Minute
	// examples is how many imp_uids of a finding are told of.
	examples = 5
	// lastLines is how many lines are shown that the workers wrote about an imp_uid.
	lastLines = 12
)

// report returns the report in Markdown, and whether all is as it should be: no check has failed, no
// worker ended by itself, every imp_uid was accepted or refused with its batch, and all was terminal
// in time. It begins with the table; what failed follows, with the history of some imp_uids.
func (k *soak) report(e evidence) (text string, ok bool) {
	var b strings.Builder
	k.writeDone(&b, &e)
	var failed []proof.Finding
	for _, check := range proof.Checks {
		f := check(&e.Evidence)
		writeRow(&b, f.Name, targetOf(f), f.Count)
		if f.Failed() {
			failed = append(failed, f)
		}
	}
	writeRow(&b, "workers that ended by themselves", "0", len(e.crashes))
	settled := e.allTerminal.Round(time.Second).String()
	if e.late {
		settled = "not within " + k.limit.String()
	}
	writeRow(&b, "every outcome terminal after the last fault", "≤ "+target.String(), settled)
	writeRow(&b, "whole run", "–", e.total.Round(time.Second))
	fmt.Fprintf(&b, "\nSeed %d, %d workers, %d slots, latency %v, appendfsync %s, revoking twice answers %d. "+
		"%s on %d cores, redis-server %s.\n", k.seed, k.settings.workers, k.slots, k.latency, k.fsync,
		k.plan.alreadyRevoked, runtime.Version(), runtime.GOMAXPROCS(0), k.redis.Version)
	for _, crash := range e.crashes {
		fmt.Fprintf(&b, "\n%s\n", crash)
	}
	for _, f := range failed {
		k.tell(&b, &e, f)
	}
	ok = len(failed) == 0 && len(e.crashes) == 0 &&
		len(e.Accepted)+len(e.Refused) == k.tasks && !e.late && e.allTerminal <= target
	return b.String(), ok
}

// writeDone writes the beginning of the table: what was done. Most rows have no target: they show
// that the run did meet what it is to prove, such as a cancellation while an attempt ran.
func (k *soak) writeDone(b *strings.Builder, e *evidence) {
	b.WriteString("| measured | target | found |\n|---|---|---|\n")
	writeRow(b, "tasks", "–", k.tasks)
	writeRow(b, "accepted", strconv.Itoa(k.tasks-len(e.Refused)), len(e.Accepted))
	writeRow(b, "refused, since their batch is cancelled", "–", len(e.Refused))
	writeRow(b, "batches cancelled", "–", len(e.Recorded))
	writeRow(b, "cancelled before any call", "–", e.cancelledAs(outcome.Withdrawn))
	writeRow(b, "cancelled between two attempts", "–", e.cancelledAs(outcome.Called))
	writeRow(b, "cancelled while an attempt ran", "–", e.cancelledAs(outcome.Running))
	writeRow(b, "cancelled with a batch, wanted by others", "–", e.cancelledAs(outcome.Wanted))
	writeRow(b, "archived by a person", "–", len(e.Archived))
	writeRow(b, "requests that name their receipt", "–", k.plan.named())
	writeRow(b, "receipts issued afterwards", "–", len(e.Reissued))
	writeRow(b, "asked for again after their end", "–", len(e.Again))
	writeRow(b, "receipts whose every DELETE fails", "–", len(e.Failing))
	writeRow(b, "receipts revoked by hand before", "–", e.byHand())
	writeRow(b, "workers killed", "–", e.times[killWorker])
	writeRow(b, "workers frozen beyond their leases", "–", e.times[freezeWorker])
	writeRow(b, "Redis killed", "–", e.times[restartRedis])
	statuses := make(map[outcome.Status]int)
	for _, o := range e.Outcomes {
		statuses[o.Status]++
	}
	writeRow(b, "revoked", "–", statuses[outcome.Revoked])
	writeRow(b, "dead", "–", statuses[outcome.Dead])
	writeRow(b, "DELETE calls", "–", e.Stats.Total(iamporttest.OpRevoke))
	writeRow(b, "lookups", "–", e.Stats.Total(iamporttest.OpLookup))
}

// byHand returns how many receipts were revoked by hand before any call, of those that were issued
// last under their imp_uid.
func (e *evidence) byHand() (count int) {
	for _, truth := range e.Truths {
		if !truth.CancelledAt.IsZero() {
			count++
		}
	}
	return count
}

// cancelledAs returns for how many imp_uids a cancellation had the given effect. An imp_uid that was
// cancelled twice, alone and with a batch, counts for each effect once.
func (e *evidence) cancelledAs(w outcome.Withdrawal) (count int) {
	for _, all := range e.Cancelled {
		if slices.ContainsFunc(all, func(c proof.Cancellation) bool { return c.Withdrawal == w }) {
			count++
		}
	}
	return count
}

// writeRow writes a row of the table. A target of "–" is none.
func writeRow(b *strings.Builder, name, target string, found any) {
	fmt.Fprintf(b, "| %s | %s | %v |\n", name, target, found)
}

// targetOf returns how many of a finding are no failure, as the table has it: "–" for any number,
// "0", or "≤ 9999".
func targetOf(f proof.Finding) string {
	switch {
	case f.Allowed < 0:
		return "–"
	case f.Allowed == 0:
		return "0"
	}
	return fmt.Sprintf("≤ %d", f.Allowed)
}

// tell writes the stories of some of the imp_uids of a finding, five at most: the outcome beside
// PortOne's truth, who requested and cancelled and when, and what the workers logged.
func (k *soak) tell(b *strings.Builder, e *evidence, f proof.Finding) {
	fmt.Fprintf(b, "\n## %s: %d\n", f.Name, f.Count)
	for _, impUID := range f.ImpUIDs[:min(examples, len(f.ImpUIDs))] {
		o, _ := json.Marshal(e.Outcomes[impUID]) // both are made of texts and numbers
		truth, _ := json.Marshal(e.Truths[impUID])
		fmt.Fprintf(b, "\n%s\n\n    outcome %s\n    truth   %s\n", impUID, o, truth)
		for _, a := range e.Asked[impUID] {
			fmt.Fprintf(b, "    asked   %s to %s, batch %q, accepted %t, new %t\n",
				stamp(a.Began), stamp(a.At), a.Batch, a.Accepted, a.New)
		}
		for _, c := range e.Cancelled[impUID] {
			fmt.Fprintf(b, "    cancel  %s to %s, batch %q: %s\n",
				stamp(c.Began), stamp(c.Returned), c.Batch, cmp.Or(c.Withdrawal, "no answer"))
		}
		if state := e.Left[impUID]; state != "" {
			fmt.Fprintf(b, "    task    %s\n", state)
		}
		for _, line := range k.workers.linesAbout(impUID) {
			fmt.Fprintf(b, "    %s\n", line)
		}
	}
}

// stamp returns a time of day to the millisecond, in UTC, as outcomes and the workers' logs have it.
func stamp(at time.Time) string { return at.UTC().Format("15:04:05.000") }

// linesAbout returns the last lines of all workers' logs that mention an
// imp_uid, in order of time: each line begins with its time, {"time":"…, so that the order of the
// texts is that of the times. A log that cannot be opened is left out, and lines of the last tenth
// of a second before a worker was killed were never written (REFERENCE.md, "Traces and logs").
func (w *workers) linesAbout(impUID string) []string {
	var found []string
	for number := range w.running {
		log, err := os.Open(w.log(number))
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if strings.Contains(lines.Text(), impUID) {
				found = append(found, fmt.Sprintf("%s worker %d", lines.Text(), number))
			}
		}
		log.Close()
	}
	slices.Sort(found)
	return found[max(len(found)-lastLines, 0):]
}
