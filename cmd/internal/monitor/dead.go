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
	// laterPages is how many pages are counted at each reading after that, 5,000 letters: a
	// million are known after 200 readings, which are a quarter of an hour at one every
	// four to five seconds.
	laterPages = 10
	// countLife is how old a count may be that seems to be right, since the number of
	// letters has not changed. As many may have come as gone meanwhile, so it is made anew
	// then.
	countLife = time.Minute
)

// deadCount is how many dead letters there are, by reason. It is made by counting and not
// by counters in Redis: those would have to be right through every retry, discard and
// expiry.
type deadCount struct {
	// Total is how many there are now, and Counted how many of these have been counted, the
	// newest first.
	Total, Counted int
	Reasons        []reasonCount // the most frequent first
	// At is when the count was at its end, or came as far as it is. The page shows it.
	At time.Time
}

// reasonCount is how many dead letters have a reason. The empty reason is that of letters
// whose outcome has expired.
type reasonCount struct {
	Reason outcome.Reason
	Count  int
}

// Share returns the share of a reason among those counted, in thousandths, for the length
// of its bar.
func (c deadCount) Share(r reasonCount) int { return thousandths(r.Count, c.Counted) }

// Partial reports whether letters are left to be counted. The page then says of how many it
// knows.
func (c deadCount) Partial() bool { return c.Counted < c.Total }

// deadCounter counts dead letters a few pages at a time, so that no reading costs more than
// the first, however many there are. A count that has come to its end is shown until the
// next has. It is not safe for concurrent use: snapshots holds its lock.
type deadCounter struct {
	outcomes *outcome.Store
	now      func() time.Time

	// place is as far as the present count has come.
	place outcome.DeadPlace
	// counts is what it has counted, nil while no count is being made.
	counts map[outcome.Reason]int
	// whole is the last count that came to its end, nil before the first has.
	whole *deadCount
}

// step counts further and returns what is known. One length and at most ten pages (twenty
// at first) are read.
func (d *deadCounter) step(ctx context.Context) (deadCount, error) {
	letters, err := d.outcomes.DeadLetters(ctx)
	if err != nil {
		return deadCount{}, err
	}
	total := int(letters)
	// Nothing seems to have changed since the last count.
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
	// The next step begins a new count.
	if d.place.End() {
		whole := d.sum()
		d.whole, d.counts, d.place = &whole, nil, outcome.DeadPlace{}
	}
	return d.known(total), nil
}

// known returns the last count that came to its end, or as far as the first has come. Total
// is of now in either case, so that the page says at once that letters were added.
func (d *deadCounter) known(total int) deadCount {
	known := d.sum()
	if d.whole != nil {
		known = *d.whole
	}
	known.Total = total
	return known
}

// advance counts that many more pages. After an error the next call continues at the page
// that failed.
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

// sum returns what the present count has come to. Reasons of the same count are in the
// order of their names, so that rows do not change places.
func (d *deadCounter) sum() deadCount {
	c := deadCount{At: d.now()}
	for _, reason := range slices.Sorted(maps.Keys(d.counts)) {
		c.Reasons = append(c.Reasons, reasonCount{reason, d.counts[reason]})
		c.Counted += d.counts[reason]
	}
	slices.SortStableFunc(c.Reasons, func(a, b reasonCount) int { return cmp.Compare(b.Count, a.Count) })
	return c
}
