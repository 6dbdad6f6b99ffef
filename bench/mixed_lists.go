package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// mixedList is a list of which some receipts fail permanently.
type mixedList struct {
	failing float64 // of its receipts, in per cent
	warm    int     // calls that succeed before
	sorted  bool    // those that fail come first
	watch   time.Duration
}

func (l mixedList) name(lines int) string {
	name := fmt.Sprintf("%.0f %% of %d receipts fail permanently", l.failing, lines)
	if l.sorted {
		name = fmt.Sprintf("the first %.0f %% of %d receipts fail permanently", l.failing, lines)
	}
	if l.warm > 0 {
		name += fmt.Sprintf(", after %d successes", l.warm)
	}
	return name
}

// mixedLists measures when all receipts of a list are revoked that do not fail,
// with successful calls before and without.
func (b *bench) mixedLists(ctx context.Context, failing float64) ([]row, error) {
	cold := mixedList{failing: failing}
	if failing == 80 {
		cold.watch = b.watch
	}
	rows, err := b.mixedPair(ctx, cold)
	if err != nil {
		return nil, err
	}
	more, err := b.mixedPair(ctx, mixedList{failing: failing, warm: b.sizes.warm})
	return append(rows, more...), err
}

// mixedSorted does so for lists whose older receipts fail.
func (b *bench) mixedSorted(ctx context.Context) (rows []row, err error) {
	for _, l := range []mixedList{
		{failing: 80, sorted: true},
		{failing: 80, sorted: true, warm: b.sizes.warm},
		{failing: 95, sorted: true},
		{failing: 95, sorted: true, warm: b.sizes.warm},
	} {
		more, err := b.mixedPair(ctx, l)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// mixedPair measures a list with the bare handler and with revoker, with each
// seed.
func (b *bench) mixedPair(ctx context.Context, l mixedList) ([]row, error) {
	name := l.name(b.sizes.list)
	p := newPassed("mixed: "+name+": all others revoked", "≤ 1.5 × bare + 10 s",
		func(bare float64) float64 { return 1.5*bare + 10 })
	watched := fmt.Sprintf("mixed: %s: calls for these in %v", name, l.watch)
	calls := [2]row{{name: watched + ", bare", format: "%.0f"}, {name: watched + ", revoker", format: "%.0f"}}
	share := row{name: watched + ", revoker against bare", target: "80 – 120 %", format: "%.0f %%"}
	err := b.eachSeed(name, func(seed uint64) error {
		var found [2]listResult
		for i, who := range []contestant{mixedBare, mixedRevoker} {
			var err error
			if found[i], err = b.runList(ctx, l, seed, who); err != nil {
				return fmt.Errorf("%s: %w", who.name, err)
			}
			calls[i].add(float64(found[i].deletes))
		}
		p.add(found[0].took.Seconds(), found[1].took.Seconds())
		share.add(100 * float64(found[1].deletes) / float64(max(found[0].deletes, 1)))
		return nil
	})
	if err != nil || l.watch == 0 {
		return p.rows(), err
	}
	return append(p.rows(), calls[0], calls[1], share), nil
}

// listResult is what was seen of a list.
type listResult struct {
	took    time.Duration // until all receipts were revoked that do not fail
	deletes int           // for the others, while they were watched
}

// runList asks for a list and waits until all its receipts are revoked that do
// not fail, or for the limit.
func (b *bench) runList(ctx context.Context, l mixedList, seed uint64, who contestant) (r listResult, err error) {
	s, err := b.stage(ctx, seed, who)
	defer s.strike()
	if err != nil {
		return r, err
	}
	if err := s.warm(ctx, l.warm); err != nil {
		return r, err
	}
	list := s.issueMany(b.sizes.list)
	if l.failing > 0 {
		s.inject(iamporttest.Rule{PG: mixedGateway, Fault: iamporttest.GatewayFailed, Receipts: l.failing})
	}
	if l.sorted {
		slices.SortStableFunc(list, func(a, c string) int {
			switch {
			case s.fails(a) == s.fails(c):
				return 0
			case s.fails(a):
				return -1
			}
			return 1
		})
	}
	began := time.Now()
	if err := s.askBulk(ctx, "mixed", list); err != nil {
		return r, err
	}
	ok, err := awaitFor(ctx, b.sizes.limit, func(ctx context.Context) error { return s.awaitDone(ctx, mixedGateway) })
	if r.took = b.sizes.limit; ok {
		r.took = s.lastDone(mixedGateway).Sub(began)
	}
	b.say("  %s: %.1f s, %d of %d left", who.name, r.took.Seconds(), s.open(mixedGateway), len(list))
	if err != nil || l.watch == 0 {
		return r, err
	}
	err = wait.For(ctx, time.Until(began.Add(l.watch)))
	r.deletes = s.deletes(mixedGateway)
	return r, err
}
