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
	// briefly is for how long a reader of the stream may be away.
	briefly = 24 * time.Hour
)

// outcomes looks for imp_uids that nobody goes on with, and for how long the
// stream reaches back.
func (d *doctor) outcomes(ctx context.Context) {
	now := time.Now()
	survey, err := d.Outcomes.Survey(ctx, now.Add(-longOverdue))
	if err != nil {
		d.tell(Finding{"outcomes", "", Unknown, refusal("reading outcomes", err), ""})
		return
	}
	d.tell(overdue(survey), stream(survey, now),
		Finding{"dead-letters", "", OK, fmt.Sprintf("%d dead letters", survey.Dead), ""})
}

func overdue(s outcome.Survey) Finding {
	found := fmt.Sprintf("%d imp_uids are being retried, %d of them for more than %.0f minutes overdue", s.Open, s.Overdue, longOverdue.Minutes())
	if s.Overdue > 0 {
		return Finding{"overdue", "", Warning, found, "let workers run, which enqueue again what has no task; if they do, they have too few slots or a gateway is paused"}
	}
	return Finding{"overdue", "", OK, found, ""}
}

// stream looks at how far back it reaches where it is as long as it gets.
func stream(s outcome.Survey, now time.Time) Finding {
	found := fmt.Sprintf("%d of about %d events", s.Events, s.EventsKept)
	if s.Oldest.IsZero() {
		return Finding{"stream", "", OK, found, ""}
	}
	reach := now.Sub(s.Oldest).Round(time.Minute)
	found += fmt.Sprintf(", which reach back %v", reach)
	if s.Events >= s.EventsKept*9/10 && reach < briefly {
		return Finding{
			"stream", "", Warning, found + ": the oldest are about to go",
			"let readers of the stream keep up, and read the outcomes themselves of what they may have missed",
		}
	}
	return Finding{"stream", "", OK, found, ""}
}
