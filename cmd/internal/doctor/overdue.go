package doctor

import (
	"context"
	"fmt"
	"time"
)

// longOverdue is more than workers let pass that run: their sweep looks every 15 seconds,
// and a retry that is due is late only by what waits before it.
const longOverdue = 10 * time.Minute

// overdue looks for requests that no worker attempts although their time has come. As in
// the alert RevokerOverdue, as many as tasks wait in paused queues are left out: after a
// restore all that was open is overdue, in queues that the operator has paused on purpose.
func (d *doctor) overdue(ctx context.Context) {
	all, err := d.Outcomes.Overview(ctx, longOverdue)
	if err != nil {
		d.tell(unknown("overdue", refusal("reading outcomes", err)))
		return
	}
	// The two counts are of different things, requests and tasks, and read at different
	// times, so the difference may be below 0.
	late := max(all.Overdue-d.held, 0)
	found := count(all.Open, "request is open", "requests are open")
	if all.Cancelled > 0 {
		found += fmt.Sprintf(", %d of them cancelled", all.Cancelled)
	}
	found += fmt.Sprintf(", %d of them for more than %.0f minutes overdue", late, longOverdue.Minutes())
	if late < all.Overdue {
		found += fmt.Sprintf(", without %d that wait in paused queues", all.Overdue-late)
	}
	if late > 0 {
		d.tell(warning("overdue", found,
			"start workers, which enqueue again what has no task; if they run, they have too few slots"))
		return
	}
	d.tell(ok("overdue", found))
}
