package pause

import (
	"cmp"
	"slices"

	"receiptrevoker/tasks"
)

// Hold is what keeps lines of a batch from being called, and how many.
type Hold struct {
	// Pause is that of one of their queues. Those of the others have the same cause.
	Pause
	Lines int
}

// Holds returns what holds the open lines of a batch, given how many there are of each
// gateway and what pauses queues: what holds most comes first.
func Holds(open map[tasks.Gateway]int, pauses []Pause) []Hold {
	var holds []Hold
	for _, p := range pauses {
		queue, _ := tasks.ParseQueue(p.Queue)
		lines := open[queue.PG]
		if !p.Paused || !queue.Bulk || lines == 0 {
			continue
		}
		i := slices.IndexFunc(holds, func(h Hold) bool { return h.SameCause(p) })
		if i < 0 {
			i, holds = len(holds), append(holds, Hold{Pause: p})
		}
		holds[i].Lines += lines
	}
	slices.SortStableFunc(holds, func(a, b Hold) int { return cmp.Compare(b.Lines, a.Lines) })
	return holds
}

// Held returns how many lines are held in all.
func Held(holds []Hold) int {
	lines := 0
	for _, h := range holds {
		lines += h.Lines
	}
	return lines
}

// SameCause reports whether two queues are paused by the same gate, by one act of a person, or
// by PortOne's Retry-After.
func (p Pause) SameCause(q Pause) bool {
	if !p.Until.IsZero() || !q.Until.IsZero() {
		return p.Until.Equal(q.Until)
	}
	if p.Gate != "" || q.Gate != "" {
		return p.Gate == q.Gate
	}
	return p.By == q.By && p.Reason == q.Reason && p.Since.Equal(q.Since)
}

// Of returns what pauses a queue, and false if nothing does.
func Of(queue string, pauses []Pause) (Pause, bool) {
	i := slices.IndexFunc(pauses, func(p Pause) bool { return p.Paused && p.Queue == queue })
	if i < 0 {
		return Pause{}, false
	}
	return pauses[i], true
}
