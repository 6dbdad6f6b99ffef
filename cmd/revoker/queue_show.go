package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

// workingOn says how many workers there are, and where none serves them how many tasks wait, and for
// which requests. No worker is at what is active then.
func workingOn(lines []queueLine, workers asynqkeys.Count, of outcome.Waiting) string {
	waiting := int64(0)
	for _, l := range lines {
		waiting += l.Pending + l.Active + l.Retry + l.Scheduled
	}
	text := working(workers, int(waiting))
	if workers.Serving > 0 || waiting == 0 {
		return text
	}
	return text + of.Behind(waiting)
}

// showQueues prints a line about the workers and a table, and if there may be tasks of what is not
// open any more, how many requests are, if that is known of these queues.
func (p *program) showQueues(lines []queueLine, workers string, of outcome.Waiting) error {
	out := newScreen(p.stdout)
	if err := out.line(workers, hanging); err != nil {
		return err
	}
	var t table
	kept := int64(0)
	t.row("QUEUE", "PENDING", "ACTIVE", "RETRY", "LATER", "OLDEST", "RATE", "PAUSED")
	for _, l := range lines {
		if l.PausedBy != "" {
			kept += l.Pending + l.Retry + l.Scheduled
		}
		paused, note := l.paused()
		if note != "" {
			paused = strings.TrimSpace(paused + " " + t.note(note))
		}
		t.row(append(l.figures(), paused)...)
	}
	if err := t.print(out); err != nil {
		return err
	}
	if text := keptTasks(kept, of); text != "" {
		if err := out.line(text, hanging); err != nil {
			return err
		}
	}
	if len(lines) > 0 && !lines[0].HeldUntil.IsZero() {
		return out.line("PortOne wants no calls until "+moment(lines[0].HeldUntil)+" (Retry-After)", hanging)
	}
	return nil
}

// keptTasks says why paused queues may have more tasks than requests are open; empty if they have not.
func keptTasks(kept int64, of outcome.Waiting) string {
	const why = "paused queue keeps the tasks of requests that were cancelled or have ended, which are not called"
	switch {
	case kept == 0 || of.Open >= kept && of.Open != math.MaxInt64:
		return ""
	case of.Open == math.MaxInt64:
		return "A " + why
	}
	text := count(int(of.Open), "request is open", "requests are open")
	if of.Cancelled > 0 {
		text += fmt.Sprintf(", %d of them cancelled", of.Cancelled)
	}
	return text + "; a " + why
}

// figures returns the queue's name and what is counted of it, for the table.
func (l *queueLine) figures() []string {
	oldest, rate := "-", "-"
	if l.Oldest > 0 {
		oldest = roughly(time.Duration(l.Oldest * float64(time.Second)))
	}
	if l.Rate != nil {
		rate = perSecond(*l.Rate) + "/s"
	}
	cells := []string{l.Queue}
	for _, n := range []int64{l.Pending, l.Active, l.Retry, l.Scheduled} {
		cells = append(cells, strconv.FormatInt(n, 10))
	}
	return append(cells, oldest, rate)
}

// paused says in a word or two what pauses the queue, and in a note which gate or person, since when and why.
func (l *queueLine) paused() (paused, note string) {
	switch {
	case l.PausedBy == "" && l.GateWaived:
		return "no", "nothing has succeeded for 12h, so the gate stays open"
	case l.PausedBy == "":
		return "no", ""
	}
	return l.PausedBy, l.cause
}
