package deadletter

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
)

// pageSize is how many of the imp_uids in a filter are read in one round trip.
const pageSize = 500

// All yields the dead letters that match, oldest first, or in the order of
// [Filter.ImpUIDs]. It holds one page of them at a time. Letters that become
// dead after it began are not among them, so that it ends even while a letter
// that was just retried dies again.
//
// It continues after a [*outcome.CorruptError], for a letter that cannot be
// read, and after an [*outcome.NotDeadError], for one of the filter's ImpUIDs
// that is not dead; the outcome beside it has the imp_uid and what else is
// known. Any other error is Redis' own and ends it.
func (l *List) All(ctx context.Context, f Filter) iter.Seq2[outcome.Outcome, error] {
	return func(yield func(outcome.Outcome, error) bool) {
		pages := named(f.ImpUIDs)
		if len(f.ImpUIDs) == 0 {
			newest, err := l.outcomes.NewestDead(ctx)
			if err != nil {
				yield(outcome.Outcome{}, err)
				return
			}
			// By the list's own clock: the workers' may differ from ours.
			if end := newest.Add(time.Millisecond); f.Until.IsZero() || f.Until.After(end) {
				f.Until = end
			}
			pages = l.outcomes.DeadSince(ctx, f.Since)
		}
		for page, err := range pages {
			if err != nil {
				yield(outcome.Outcome{}, err)
				return
			}
			if !l.page(ctx, f, page, yield) {
				return
			}
		}
	}
}

// page yields those of a page that match, and reports whether to continue with
// the next.
func (l *List) page(ctx context.Context, f Filter, page []string, yield func(outcome.Outcome, error) bool) bool {
	late := 0
	for o, err := range l.outcomes.Each(ctx, page) {
		o, err = l.judge(ctx, f, o, err)
		if err == nil && o.Status == outcome.Dead && f.late(o) {
			late++
		}
		meant := err != nil || o.Status == outcome.Dead && f.matches(o)
		if meant && !yield(o, err) || err != nil && !ofOne(err) {
			return false
		}
	}
	return len(f.ImpUIDs) > 0 || late < len(page)
}

// judge returns a letter as the filter wants to hear of it. One from the list
// that is not dead went meanwhile, and is no error.
func (l *List) judge(ctx context.Context, f Filter, o outcome.Outcome, err error) (outcome.Outcome, error) {
	named := len(f.ImpUIDs) > 0
	if f.Unreadable && err != nil && ofOne(err) {
		listed, listErr := !named, error(nil)
		if named {
			listed, listErr = l.outcomes.Listed(ctx, o.ImpUID)
		}
		if listed || listErr != nil {
			o.Status = outcome.Dead
			return o, listErr
		}
	}
	switch {
	case named && errors.Is(err, outcome.ErrNotFound):
		return o, &outcome.NotDeadError{ImpUID: o.ImpUID}
	case named && err == nil && o.Status != outcome.Dead:
		return o, &outcome.NotDeadError{ImpUID: o.ImpUID, Status: o.Status}
	}
	return o, err
}

// ofOne reports whether an error concerns one letter alone.
func ofOne(err error) bool {
	var corrupt *outcome.CorruptError
	var notDead *outcome.NotDeadError
	return errors.As(err, &corrupt) || errors.As(err, &notDead)
}

// named yields imp_uids in pages, each once.
func named(impUIDs []string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		seen := make(map[string]bool, len(impUIDs))
		once := slices.DeleteFunc(slices.Clone(impUIDs), func(impUID string) bool {
			again := seen[impUID]
			seen[impUID] = true
			return again
		})
		for page := range slices.Chunk(once, pageSize) {
			if !yield(page, nil) {
				return
			}
		}
	}
}
