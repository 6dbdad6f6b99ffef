package monitor

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// overview is what the template of our page is given, page/overview.html. Fields and
// methods that it names must be exported; a test fails for one that does not exist.
type overview struct {
	Snapshot snapshot
	// Problem is why there is no newer snapshot, empty if there is no need of one.
	Problem string
	// Refresh is in seconds.
	Refresh int
	// Guarded is whether the person has a session, and so can log out.
	Guarded bool
	// Switch is the link to the page in the other language, Other that language's name.
	Switch string
	Other  string
	// Asynq is the path of the Asynq web UI, without a slash at its end.
	Asynq string

	// Query is what the person typed, Found what is known about it; nil if nothing was
	// searched or Redis did not answer.
	Query string
	Found *found
	// Details are the fields of the outcome that was found.
	Details []detail
	// Hold is what keeps the receipt that was found from being called, nil if nothing does.
	Hold *pause.Pause

	// Gateways are shown as cards, Idle as names in one line, since nothing is to be said
	// of them.
	Gateways []gatewayRow
	Idle     []tasks.Gateway
	Batches  []batchRow
}

// gatewayRow is a gateway with its gate and its queues.
type gatewayRow struct {
	PG tasks.Gateway
	// Gate is nil if there are no gates to be shown.
	Gate *gate.State
	// Held is that the gateway's own gate is open and PortOne's is closed: the page then
	// says so in place of "open", since nothing is called.
	Held   bool
	Queues []queueRow
}

// queueRow is a queue, and what pauses it.
type queueRow struct {
	asynqkeys.Queue
	// Bulk is the queue for lists, as against that for single requests.
	Bulk bool
	// Oldest is how long the first in line has waited at the time of the reading.
	Oldest time.Duration
	// Pauses is the key of the word for the person or the gate that pauses it, empty for none.
	Pauses string
}

// gatewayRows puts the queues of each gateway under its gate. Gateways whose gate is closed
// come first, then those of package tasks in its order, then the others: gateways that only
// a newer version knows, and the queues without a gateway. idle are those that have no
// queue and an open gate.
func (s snapshot) gatewayRows() (rows []gatewayRow, idle []tasks.Gateway) {
	byPG := make(map[tasks.Gateway][]queueRow)
	order := append([]tasks.Gateway{}, tasks.Gateways()...)
	for _, q := range s.Queues {
		is, _ := tasks.ParseQueue(q.Name)
		// A gateway that only a newer version knows has a card of its own, and the gate of
		// the tasks without a known gateway.
		pg := is.PG
		byPG[pg] = append(byPG[pg], queueRow{q, is.Bulk, q.Oldest(s.At), s.Gates.pauses(q)})
		if !slices.Contains(order, pg) {
			order = append(order, pg)
		}
	}
	// The gate of tasks without a known gateway may be closed although its queue is gone.
	if !slices.Contains(order, "") {
		order = append(order, "")
	}
	for _, pg := range order {
		row := gatewayRow{PG: pg, Queues: byPG[pg]}
		if s.Gates != nil {
			state := s.Gates.Gates[gate.Of(pg)]
			row.Gate, row.Held = &state, !state.Closed && s.Gates.PortOne().Closed
		}
		switch {
		// A closed gate is shown also where nothing waits: the next request is its probe.
		case len(row.Queues) > 0 || row.Closed():
			rows = append(rows, row)
		case pg != "":
			idle = append(idle, pg)
		}
	}
	for _, row := range rows {
		slices.SortFunc(row.Queues, singleFirst)
	}
	slices.SortStableFunc(rows, func(a, b gatewayRow) int { return cmp.Compare(a.rank(), b.rank()) })
	return rows, idle
}

// singleFirst puts a gateway's queue for single requests before that for lists. It compares
// lengths, as the name of the second is that of the first with "bulk-" in it: receipts-kcp,
// receipts-bulk-kcp.
func singleFirst(a, b queueRow) int { return len(a.Name) - len(b.Name) }

// Closed reports whether the gateway's gate is closed.
func (r gatewayRow) Closed() bool { return r.Gate != nil && r.Gate.Closed }

func (r gatewayRow) rank() int {
	if r.Closed() {
		return 0
	}
	return 1
}

// Unserved is how many tasks wait where no worker takes any, and 0 where one does. Active
// tasks count too: they are those that a worker had taken up when it ended.
func (s snapshot) Unserved() int {
	if s.Workers.Serving > 0 {
		return 0
	}
	waiting := int64(0)
	for _, q := range s.Queues {
		waiting += q.Unserved()
	}
	return int(waiting)
}

// Fewer tells that more tasks are unserved than requests are open: Asynq keeps the task of
// a request that was cancelled or has ended until a worker takes it. The page then says how
// many requests are open, so that no one waits for the others.
func (s snapshot) Fewer() bool { return int64(s.Unserved()) > s.Open }

// Kept tells the same of paused queues, which hold more tasks than requests are open
// although workers are running.
func (s snapshot) Kept() bool {
	kept := int64(0)
	for _, q := range s.Queues {
		if q.Paused {
			kept += q.Waiting()
		}
	}
	return kept > s.Open
}

// batchRow is a batch with its bar and what holds it. Batch.Held is set here, from Holds:
// the store does not know of pauses, and the time left leaves out what is held.
type batchRow struct {
	outcome.Batch
	// Holds is what holds its open lines, what holds most first.
	Holds []pause.Hold
}

// RevokedBar is the length of the first part of the bar, in thousandths of it.
func (b batchRow) RevokedBar() int { return thousandths(b.Revoked, b.Asked()) }

// DeadBar is the length of the other part. It has at least four thousandths where there is
// a dead letter at all: three of a million would else not be seen, and they are what a
// person must look at.
func (b batchRow) DeadBar() int {
	bar := thousandths(b.Dead, b.Asked())
	if b.Dead > 0 {
		bar = max(bar, 4)
	}
	return bar
}

// DeadFrom is where the second part begins: behind the first, or so much earlier that its
// least length fits into the bar.
func (b batchRow) DeadFrom() int { return min(b.RevokedBar(), 1000-b.DeadBar()) }

// Ended is how many lines have an outcome that no attempt changes any more.
func (b batchRow) Ended() int { return b.Revoked + b.Dead }

// Pace returns how many lines of the batch ended a second recently, such as 34.5 or 0.07;
// it is empty where none did, or all that is left is held, as a time left would then be a
// guess.
func (b batchRow) Pace() string {
	if left, known := b.Left(); !known || left == 0 {
		return ""
	}
	if b.Rate < 0.1 {
		return strconv.FormatFloat(b.Rate, 'f', 2, 64)
	}
	return strconv.FormatFloat(b.Rate, 'f', 1, 64)
}

// Remaining is how long the rest takes at that pace. It means something only where Pace is
// not empty.
func (b batchRow) Remaining() time.Duration {
	left, _ := b.Left()
	return left
}

// MoreBatches reports whether there may be batches that the page does not show. The command
// batch list shows all.
func (o overview) MoreBatches() bool { return len(o.Snapshot.Batches) > len(o.Batches) }

// batchRows returns the batches that have not finished, and after them the others, each in
// the order of the reading: those started last come first.
func (s snapshot) batchRows() []batchRow {
	rows := make([]batchRow, len(s.Batches))
	for i, b := range s.Batches {
		rows[i] = batchRow{b, s.Gates.holds(b)}
		rows[i].Held = pause.Held(rows[i].Holds)
	}
	slices.SortStableFunc(rows, func(a, b batchRow) int {
		switch {
		case a.Finished() == b.Finished():
			return 0
		case b.Finished():
			return -1
		}
		return 1
	})
	return rows[:min(len(rows), shownBatches)]
}

// shownBatches is how many batches the page shows. Where there are more, it names the
// command that lists all.
const shownBatches = 30
