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

// workingOn says how many workers there are, and if none serves the queues, how many tasks wait and for
// how many open requests: "no worker is running; 125 tasks wait, for 5 open requests". Active tasks
// count as waiting then: the worker that had taken them up is gone. of are the open requests.
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

// showQueues prints a line about the workers, the table, its notes, and what explains the figures: that
// paused queues keep tasks which are not called, and until when PortOne wants no calls. A note stands
// once below the table, however many queues one gate or one person has paused.
func (p *program) showQueues(lines []queueLine, workers string, of outcome.Waiting) error {
	out := newScreen(p.stdout)
	if err := out.line(workers, hanging); err != nil {
		return err
	}
	var t table
	kept := int64(0)
	t.row("QUEUE", "PENDING", "ACTIVE", "RETRY", "LATER", "OLDEST", "RATE", "PAUSED")
	for _, l := range lines {
		// Workers delete the tasks of requests that have ended as they take them. From a paused queue
		// they take none; active tasks were taken before.
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
	// It is of all queues, so the first line has it as well as any other.
	if len(lines) > 0 && !lines[0].HeldUntil.IsZero() {
		return out.line("PortOne wants no calls until "+moment(lines[0].HeldUntil)+" (Retry-After)", hanging)
	}
	return nil
}

// keptTasks says why paused queues have more tasks than requests are open, and nothing if they have not.
// kept is how many tasks the paused queues have. of.Open is math.MaxInt64 where the open requests of
// these queues are not known; then it only says that there may be such tasks. After a batch cancel of
// 5,000 lines behind a pause an operator would otherwise wait for 5,000 calls that never come.
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

// figures returns the queue's name and what is counted of it, for the table: "-" where there is nothing
// to show, which is told from a 0 that was counted.
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

// paused says in a word for the table what pauses the queue, and in a note below it which gate or
// person, since when and why.
func (l *queueLine) paused() (paused, note string) {
	switch {
	case l.PausedBy == "" && l.GateWaived:
		// 12h is [gate.DefaultPatience], for which the program has no flag.
		return "no", "nothing has succeeded for 12h, so the gate stays open"
	case l.PausedBy == "":
		return "no", ""
	}
	return l.PausedBy, l.cause
}
