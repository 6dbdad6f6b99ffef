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

// overview is what the template of our page is given.
type overview struct {
	Snapshot snapshot
	Problem  string // why there is no newer snapshot, empty if there is no need
	Refresh  int    // seconds
	Guarded  bool   // a person is logged in
	Switch   string // where the other language is
	Other    string // what that is called
	Asynq    string

	Query   string
	Found   *found
	Details []detail     // of what was found
	Hold    *pause.Pause // what keeps it from being called, if anything does

	Gateways []gatewayRow
	Idle     []tasks.Gateway
	Batches  []batchRow
}

// gatewayRow is a gateway with its gate and its queues.
type gatewayRow struct {
	PG     tasks.Gateway
	Gate   *gate.State // nil if there are none to be shown
	Held   bool        // the gate is open, and PortOne's is closed
	Queues []queueRow
}

// queueRow is a queue, and what pauses it.
type queueRow struct {
	asynqkeys.Queue
	Bulk   bool
	Oldest time.Duration
	// Pauses is the key of the word for the person or the gate that pauses it, empty for none.
	Pauses string
}

// gatewayRows puts the queues of each gateway under its gate. Gateways whose
// gate is closed come first, then in the order in which they are known. idle are
// those that have no queue and an open gate.
func (s snapshot) gatewayRows() (rows []gatewayRow, idle []tasks.Gateway) {
	byPG := make(map[tasks.Gateway][]queueRow)
	order := append([]tasks.Gateway{}, tasks.Gateways()...)
	for _, q := range s.Queues {
		is, _ := tasks.ParseQueue(q.Name)
		pg := is.PG
		byPG[pg] = append(byPG[pg], queueRow{q, is.Bulk, q.Oldest(s.At), s.Gates.pauses(q)})
		if !slices.Contains(order, pg) {
			order = append(order, pg)
		}
	}
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

// singleFirst puts a gateway's queue for single revocations before that for
// batches.
func singleFirst(a, b queueRow) int { return len(a.Name) - len(b.Name) }

// Closed reports whether the gateway's gate is closed.
func (r gatewayRow) Closed() bool { return r.Gate != nil && r.Gate.Closed }

func (r gatewayRow) rank() int {
	if r.Closed() {
		return 0
	}
	return 1
}

// Unserved is how many tasks wait where no worker takes any, and 0 where one does.
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

// Fewer tells that more tasks are unserved than requests are open.
func (s snapshot) Fewer() bool { return int64(s.Unserved()) > s.Open }

// Kept tells that paused queues hold more tasks than requests are open.
func (s snapshot) Kept() bool {
	kept := int64(0)
	for _, q := range s.Queues {
		if q.Paused {
			kept += q.Waiting()
		}
	}
	return kept > s.Open
}

// batchRow is a batch with its bar.
type batchRow struct {
	outcome.Batch
	Holds []pause.Hold // what holds its open lines
}

// RevokedBar and DeadBar are the lengths of the parts of the bar, in
// thousandths.
func (b batchRow) RevokedBar() int { return thousandths(b.Revoked, b.Asked()) }

// DeadBar is the other part. What is there is seen, however little it is.
func (b batchRow) DeadBar() int {
	bar := thousandths(b.Dead, b.Asked())
	if b.Dead > 0 {
		bar = max(bar, 4)
	}
	return bar
}

// DeadFrom is where the second part begins.
func (b batchRow) DeadFrom() int { return min(b.RevokedBar(), 1000-b.DeadBar()) }

// Ended is how many have an outcome.
func (b batchRow) Ended() int { return b.Revoked + b.Dead }

// Pace returns how many of the batch ended a second recently; it is empty where none
// did, or all that is left is held.
func (b batchRow) Pace() string {
	if left, known := b.Left(); !known || left == 0 {
		return ""
	}
	if b.Rate < 0.1 {
		return strconv.FormatFloat(b.Rate, 'f', 2, 64)
	}
	return strconv.FormatFloat(b.Rate, 'f', 1, 64)
}

// Remaining is how long the rest takes at that pace.
func (b batchRow) Remaining() time.Duration {
	left, _ := b.Left()
	return left
}

// MoreBatches reports whether there may be batches that the page does not show.
func (o overview) MoreBatches() bool { return len(o.Snapshot.Batches) > len(o.Batches) }

// batchRows returns the batches that have not finished, and after them the
// others.
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

// shownBatches is how many batches stand on the page.
const shownBatches = 30
