package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"receiptrevoker/tasks/outcome"
)

// lostError names requests that Redis has lost.
type lostError []string

func (e lostError) Error() string {
	if len(e) == 1 {
		return e[0] + " is not requested any more: Redis has lost it; ask for it again"
	}
	return fmt.Sprintf("%d imp_uids are not requested any more: Redis has lost them; ask for them again: %s",
		len(e), strings.Join(e, " "))
}

// err returns the error, nil if it names none.
func (e lostError) err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// dropLost returns the requests without those that Redis has lost, as by FLUSHALL, a failover
// or a restored backup: they were recorded before they are waited for, and two looks in a row
// have found nothing of them. Those are told, or are the error once no other is waited for.
func (a *awaiting) dropLost(ctx context.Context, asked []outcome.Outcome) ([]outcome.Outcome, error) {
	known, err := a.outcomes.Many(ctx, impUIDs(asked))
	if err != nil { // which the look at what is waited for tells of
		return asked, nil
	}
	var lost lostError
	missing := make(map[string]bool)
	for _, o := range known {
		if o.Status == "" && a.missing[o.ImpUID] {
			lost = append(lost, o.ImpUID)
		} else if o.Status == "" {
			missing[o.ImpUID] = true
		}
	}
	a.missing, a.lost = missing, append(a.lost, lost...)
	asked = slices.DeleteFunc(asked, func(o outcome.Outcome) bool { return slices.Contains(lost, o.ImpUID) })
	switch {
	case len(asked) == 0:
		return nil, a.lost.err()
	case len(lost) > 0:
		a.erase()
		a.say("revoker: %v", lost)
	}
	return asked, nil
}
