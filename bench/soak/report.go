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
	// target is how soon after the last fault every outcome should be terminal.
	target = 3 * time.Minute
	// examples is how many imp_uids of a finding are shown with all that is known of them.
	examples = 5
	// lastLines is how many lines of the workers' logs are shown about one of them.
	lastLines = 12
)

// report returns the report in Markdown, and whether all is as it should be: no check failed, no
// worker ended by itself, every imp_uid of the plan was accepted or refused, and all outcomes were
// terminal in time.
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

// writeDone writes the beginning of the table: what was done. A run in which hardly anything was
// cancelled or archived proves little, and this is where one sees it.
func (k *soak) writeDone(b *strings.Builder, e *evidence) {
	b.WriteString("| measured | target | found |\n|---|---|---|\n")
	// What was requested, and with what effect the cancellations came.
	writeRow(b, "tasks", "–", k.tasks)
	writeRow(b, "accepted", strconv.Itoa(k.tasks-len(e.Refused)), len(e.Accepted))
	writeRow(b, "refused, since their batch is cancelled", "–", len(e.Refused))
	writeRow(b, "batches cancelled", "–", len(e.Recorded))
	writeRow(b, "cancelled before any call", "–", e.cancelledAs(outcome.Withdrawn))
	writeRow(b, "cancelled between two attempts", "–", e.cancelledAs(outcome.Called))
	writeRow(b, "cancelled while an attempt ran", "–", e.cancelledAs(outcome.Running))
	writeRow(b, "cancelled with a batch, wanted by others", "–", e.cancelledAs(outcome.Wanted))
	// What people did otherwise, and what PortOne had beforehand.
	writeRow(b, "archived by a person", "–", len(e.Archived))
	writeRow(b, "requests that name their receipt", "–", k.plan.named())
	writeRow(b, "receipts issued afterwards", "–", len(e.Reissued))
	writeRow(b, "asked for again after their end", "–", len(e.Again))
	writeRow(b, "receipts whose every DELETE fails", "–", len(e.Failing))
	writeRow(b, "receipts revoked by hand before", "–", e.byHand())
	// What was broken.
	writeRow(b, "workers killed", "–", e.times[killWorker])
	writeRow(b, "workers frozen beyond their leases", "–", e.times[freezeWorker])
	writeRow(b, "Redis killed", "–", e.times[restartRedis])
	// How the requests ended, and how many calls it took.
	statuses := make(map[outcome.Status]int)
	for _, o := range e.Outcomes {
		statuses[o.Status]++
	}
	writeRow(b, "revoked", "–", statuses[outcome.Revoked])
	writeRow(b, "dead", "–", statuses[outcome.Dead])
	writeRow(b, "DELETE calls", "–", e.Stats.Total(iamporttest.OpRevoke))
	writeRow(b, "lookups", "–", e.Stats.Total(iamporttest.OpLookup))
}

// byHand returns how many receipts were revoked by hand before any call.
func (e *evidence) byHand() (count int) {
	for _, truth := range e.Truths {
		if !truth.CancelledAt.IsZero() {
			count++
		}
	}
	return count
}

// cancelledAs returns for how many imp_uids a cancellation had the given effect.
func (e *evidence) cancelledAs(w outcome.Withdrawal) (count int) {
	for _, all := range e.Cancelled {
		if slices.ContainsFunc(all, func(c proof.Cancellation) bool { return c.Withdrawal == w }) {
			count++
		}
	}
	return count
}

func writeRow(b *strings.Builder, name, target string, found any) {
	fmt.Fprintf(b, "| %s | %s | %v |\n", name, target, found)
}

// targetOf returns how the report writes the number that a finding may have.
func targetOf(f proof.Finding) string {
	switch {
	case f.Allowed < 0:
		return "–"
	case f.Allowed == 0:
		return "0"
	}
	return fmt.Sprintf("≤ %d", f.Allowed)
}

// tell writes all that is known of some of the imp_uids of a finding: outcome, truth, who asked and
// cancelled and when, and the workers' lines. It is what a person needs to find the cause, as the
// run cannot be repeated.
func (k *soak) tell(b *strings.Builder, e *evidence, f proof.Finding) {
	fmt.Fprintf(b, "\n## %s: %d\n", f.Name, f.Count)
	for _, impUID := range f.ImpUIDs[:min(examples, len(f.ImpUIDs))] {
		// Both are made of texts and numbers, which can always be encoded.
		o, _ := json.Marshal(e.Outcomes[impUID])
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

// stamp returns a time as the workers' logs write it, to the millisecond, so that both can be read
// side by side.
func stamp(at time.Time) string { return at.UTC().Format("15:04:05.000") }

// linesAbout returns the last lines of all workers' logs that mention an imp_uid. Each line begins
// with its time, so that sorting them as text puts them in order.
func (w *workers) linesAbout(impUID string) []string {
	var found []string
	for number := range w.running {
		// A log that cannot be read is left out: the rest of the story is worth showing.
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
