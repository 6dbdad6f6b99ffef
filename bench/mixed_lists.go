package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// mixedList is a list of which some receipts fail permanently.
type mixedList struct {
	failing float64 // of its receipts, in per cent
	sorted  bool    // those that fail come first
	warm    bool    // calls succeed before
}

// name returns how the table calls such a list, such as "80 % of 3000 receipts fail permanently, after
// 500 successes".
func (l mixedList) name(sizes mixedSizes) string {
	name := fmt.Sprintf("%.0f %% of %d receipts fail permanently", l.failing, sizes.list)
	if l.sorted {
		name = "the first " + name
	}
	if l.warm {
		name += fmt.Sprintf(", after %d successes", sizes.warm)
	}
	return name
}

// mixedLists measures when all receipts of a list are revoked that do not fail, with successful calls
// before and without. In a list that is sorted the receipts that fail come first, as where the oldest
// of an export do: such a list looks like a gateway that is down until the first probe of a closed gate
// takes receipts from all over what waits.
func (b *bench) mixedLists(sorted bool, shares ...float64) (parts []part) {
	for _, share := range shares {
		// A gate counts the receipts that failed since the gateway's last success, so that both cases
		// differ for it.
		for _, warm := range []bool{false, true} {
			l := mixedList{failing: share, sorted: sorted, warm: warm}
			name := l.name(b.sizes)
			parts = append(parts, part{
				name: name, unit: "%.1f s", who: mixedBoth,
				act: func(ctx context.Context, s *scene.Scene) (float64, error) { return l.act(ctx, s, b.sizes) },
				show: b.slower("mixed: "+name+": all others revoked", "≤ 1.5 × bare + 10 s",
					func(bare float64) float64 { return 1.5*bare + 10 }),
			})
		}
	}
	return parts
}

// act asks for the list and waits until all its receipts are revoked that do not fail, or for the
// limit. It returns how long that took, in seconds; a list that is not done by then took the limit, so
// that the worst still has a figure.
func (l mixedList) act(ctx context.Context, s *scene.Scene, sizes mixedSizes) (float64, error) {
	if l.warm {
		if err := warm(ctx, s, sizes.warm); err != nil {
			return 0, err
		}
	}
	began, err := l.ask(ctx, s, sizes.list)
	if err != nil {
		return 0, err
	}
	err = scene.Within(ctx, sizes.limit, func(ctx context.Context) error { return s.AwaitNone(ctx, portone.Seen.Open) })
	if len(s.PortOne.Those(portone.Seen.Open)) > 0 {
		return sizes.limit.Seconds(), err
	}
	// The time ends with the last DELETE, not with the next look at it.
	return s.PortOne.LastDone(gateway).Sub(began).Seconds(), err
}

// ask issues the receipts of the list and asks for them, and returns when it began to ask.
func (l mixedList) ask(ctx context.Context, s *scene.Scene, lines int) (began time.Time, err error) {
	list := s.PortOne.IssueMany(gateway, lines)
	if l.failing > 0 {
		s.PortOne.Inject(failing(l.failing))
	}
	if l.sorted {
		// The sort is stable, so that lists of two runs with the same seed are the same.
		rank := map[bool]int{true: 0, false: 1}
		slices.SortStableFunc(list, func(a, c tasks.Revocation) int {
			return cmp.Compare(rank[s.PortOne.Fails(a.ImpUID)], rank[s.PortOne.Fails(c.ImpUID)])
		})
	}
	began = time.Now()
	return began, s.AskBatch(ctx, "mixed", list)
}

// warm makes so many calls that succeed, and waits for the last of them.
func warm(ctx context.Context, s *scene.Scene, calls int) error {
	if err := s.AskBatch(ctx, "warm", s.PortOne.IssueMany(gateway, calls)); err != nil {
		return err
	}
	return s.AwaitNone(ctx, portone.Seen.Open)
}

// mixedCalls counts the calls for the receipts of a list that fail, for as long as the settings say.
// The target has
// two ends: fewer calls than the bare handler's mean that failing receipts are held back beyond their
// schedule, and more that they are called more often than it says.
func (b *bench) mixedCalls() []part {
	if b.watch == 0 {
		return nil
	}
	l := mixedList{failing: 80}
	act := func(ctx context.Context, s *scene.Scene) (float64, error) {
		began, err := l.ask(ctx, s, b.sizes.list)
		if err == nil {
			err = wait.For(ctx, time.Until(began.Add(b.watch)))
		}
		// All calls for failing receipts count, whoever made them and however often.
		calls, _ := s.PortOne.Deletes(s.PortOne.Those(func(seen portone.Seen) bool { return seen.Fails }))
		return float64(calls), err
	}
	name := fmt.Sprintf("mixed: %s: calls for these in %v", l.name(b.sizes), b.watch)
	return []part{{name: "calls", unit: "%.0f", who: mixedBoth, act: act, show: b.against(name, "80 – 120 %")}}
}

// mixedBrownout measures how many receipts are revoked while most calls fail, whatever receipt they are
// for: a gateway that is overloaded. A gate that closed for it would make a brownout an outage.
func (b *bench) mixedBrownout() []part {
	act := func(ctx context.Context, s *scene.Scene) (float64, error) {
		// Earlier rules are cleared, or the calls that pass the new one would meet the old one, too.
		fail := func(percent float64) {
			s.PortOne.Simulated.Clear()
			s.PortOne.Inject(iamporttest.Rule{PG: gateway, Fault: iamporttest.GatewayFailed, Percent: percent})
		}
		// A gateway that works fails now and then: here two calls in a hundred.
		fail(2)
		if err := warm(ctx, s, b.sizes.warm); err != nil {
			return 0, err
		}
		list := s.PortOne.IssueMany(gateway, b.sizes.list)
		fail(90)
		if err := s.AskBatch(ctx, "mixed", list); err != nil {
			return 0, err
		}
		// What counts is how far both came when the brownout is over, and not what they do
		// afterwards.
		err := wait.For(ctx, b.sizes.brownout)
		return float64(len(list) - len(s.PortOne.Those(portone.Seen.Open))), err
	}
	name := fmt.Sprintf("mixed: nine of ten calls fail for %v with %d receipts waiting: revoked meanwhile",
		b.sizes.brownout, b.sizes.list)
	return []part{{name: "brownout", unit: "%.0f", who: mixedBoth, act: act, show: b.against(name, "≥ 80 %")}}
}
