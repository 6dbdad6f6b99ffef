package doctor

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/tasks/outcome"
)

const (
	// longOverdue is more than workers let pass that run: they look every 15
	// seconds.
	longOverdue = 10 * time.Minute
	// minReach is for how long a reader of a full stream may be away, at least.
	minReach = 24 * time.Hour
)

// outcomes looks for imp_uids that nobody goes on with, and for how long the
// stream reaches back.
func (d *doctor) outcomes(ctx context.Context) {
	all, err := d.Outcomes.Overview(ctx, longOverdue)
	if err != nil {
		d.tell(unknown("outcomes", refusal("reading outcomes", err)))
		return
	}
	d.tell(overdue(all, d.held), ok("dead-letters", count(all.Dead, "dead letter", "dead letters")))
	reach, err := d.Outcomes.Reach(ctx)
	if err != nil {
		d.tell(unknown("stream", refusal("reading the stream", err)))
		return
	}
	d.tell(stream(reach, time.Now()))
}

// overdue looks for requests that no worker goes on with. As in the alert RevokerOverdue, as many
// as tasks wait in paused queues are left out: after a restore all that was open is overdue.
func overdue(s outcome.Overview, held int64) Finding {
	late := max(s.Overdue-held, 0)
	found := fmt.Sprintf("%s, %d of them for more than %.0f minutes overdue",
		count(s.Open, "request is open", "requests are open"), late, longOverdue.Minutes())
	if late < s.Overdue {
		found += fmt.Sprintf(", without %d that wait in paused queues", s.Overdue-late)
	}
	if late > 0 {
		return warning("overdue", found,
			"let workers run, which enqueue again what has no task; if they do, they have too few slots")
	}
	return ok("overdue", found)
}

// stream looks at how far back it reaches where it is as long as it gets.
func stream(s outcome.Reach, now time.Time) Finding {
	found := fmt.Sprintf("%d of about %d events", s.Events, s.Kept)
	if s.Oldest.IsZero() {
		return ok("stream", found)
	}
	reach := now.Sub(s.Oldest).Round(time.Minute)
	found += fmt.Sprintf(", which reach back %v", reach)
	if s.Events >= s.Kept*9/10 && reach < minReach {
		return warning("stream", found+": the oldest are about to go",
			"let readers of the stream keep up, and read the outcomes themselves of what they may have missed")
	}
	return ok("stream", found)
}
