package monitor

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"receiptrevoker/tasks/outcome"
)

const (
	// firstPages is how many pages of dead letters, of 500, are counted when the page is
	// first read: 10,000 letters are known at once.
	firstPages = 20
	// laterPages is how many are at each reading after that: a million letters are known
	// after a quarter of an hour, and none costs more than the first.
	laterPages = 10
	// countLife is how old a count may be that seems to be right.
	countLife = time.Minute
)

// deadCount is how many dead letters there are, by reason.
type deadCount struct {
	// Total is how many there are, and Counted how many of these have been
	// counted, the newest first.
	Total, Counted int
	Reasons        []reasonCount // the most frequent first
	// At is when the count was at its end, or came as far as it is.
	At time.Time
}

// reasonCount is how many dead letters have a reason.
type reasonCount struct {
	Reason outcome.Reason
	Count  int
}

// Share returns the share of a reason among those counted, in thousandths.
func (c deadCount) Share(r reasonCount) int { return thousandths(r.Count, c.Counted) }

// Partial reports whether letters are left to be counted.
func (c deadCount) Partial() bool { return c.Counted < c.Total }

// deadCounter counts dead letters a few pages at a time. A count that has come
// to its end stands until the next has.
type deadCounter struct {
	outcomes *outcome.Store
	now      func() time.Time

	place  outcome.DeadPlace
	counts map[outcome.Reason]int
	whole  *deadCount // the last that came to its end
}

// step counts on and returns what is known.
func (d *deadCounter) step(ctx context.Context) (deadCount, error) {
	letters, err := d.outcomes.DeadLetters(ctx)
	if err != nil {
		return deadCount{}, err
	}
	total := int(letters)
	if d.counts == nil && d.whole != nil && d.whole.Counted == total && d.now().Sub(d.whole.At) < countLife {
		return d.known(total), nil
	}
	pages := laterPages
	if d.whole == nil && d.counts == nil {
		pages = firstPages
	}
	if err := d.advance(ctx, pages); err != nil {
		return deadCount{}, err
	}
	if d.place.End() {
		whole := d.sum()
		d.whole, d.counts, d.place = &whole, nil, outcome.DeadPlace{}
	}
	return d.known(total), nil
}

// known returns the last count that came to its end, or as far as the first has
// come.
func (d *deadCounter) known(total int) deadCount {
	known := d.sum()
	if d.whole != nil {
		known = *d.whole
	}
	known.Total = total
	return known
}

// advance counts that many more pages.
func (d *deadCounter) advance(ctx context.Context, pages int) error {
	if d.counts == nil {
		d.counts = make(map[outcome.Reason]int)
	}
	for range pages {
		if d.place.End() {
			return nil
		}
		page, next, err := d.outcomes.CountDead(ctx, d.place)
		if err != nil {
			return err
		}
		d.place = next
		for reason, n := range page {
			d.counts[reason] += n
		}
	}
	return nil
}

// sum returns what the present count has come to.
func (d *deadCounter) sum() deadCount {
	c := deadCount{At: d.now()}
	for _, reason := range slices.Sorted(maps.Keys(d.counts)) {
		c.Reasons = append(c.Reasons, reasonCount{reason, d.counts[reason]})
		c.Counted += d.counts[reason]
	}
	slices.SortStableFunc(c.Reasons, func(a, b reasonCount) int { return cmp.Compare(b.Count, a.Count) })
	return c
}
