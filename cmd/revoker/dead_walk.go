package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

// deadWalk is one way through the dead letters, and what was met.
type deadWalk struct {
	out    screen // what people are told
	list   *deadletter.List
	filter deadletter.Filter
	refuse func(outcome.Outcome) error // why nothing is done to a letter; may be nil
	advice string                      // what to do about one that was cancelled
	// missing is that there is no batch of the filter's name, which is an error where no letter
	// matches: letters may outlive their batch.
	missing error

	reasons  map[outcome.Reason]int // of the letters that were carried out
	batches  map[string]int         // likewise; empty for single requests
	done     int
	left     map[outcome.Reason]int // that the filter took along, and whose reason says to leave alone
	skipped  int                    // named or unreadable, and nothing was done about it
	shown    time.Time
	progress string // what was done to them; shown now and then if set
}

func newDeadWalk(out io.Writer, list *deadletter.List, filter deadletter.Filter) *deadWalk {
	return &deadWalk{
		out: newScreen(out), list: list, filter: filter, shown: time.Now(),
		reasons: make(map[outcome.Reason]int), batches: make(map[string]int), left: make(map[outcome.Reason]int),
	}
}

// each carries do out for every letter that matches. What cannot be read, is
// not dead or was refused is reported, and the rest goes on; any other error
// ends it.
func (w *deadWalk) each(ctx context.Context, do func(outcome.Outcome) error) error {
	for o, err := range w.list.All(ctx, w.filter) {
		if err == nil && w.refuse != nil {
			err = w.refuse(o)
		}
		if err == nil && ctx.Err() == nil {
			err = do(o)
		}
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("stopped after %s", plural(w.done, "dead letter"))
		case err != nil && !w.pass(err):
			return fmt.Errorf("ended after %s: %w", plural(w.done, "dead letter"), err)
		}
	}
	return nil
}

// counted returns do with every letter counted that it was carried out for.
func (w *deadWalk) counted(do func(outcome.Outcome) error) func(outcome.Outcome) error {
	return func(o outcome.Outcome) error {
		err := do(o)
		if err == nil {
			w.count(o)
		}
		return err
	}
}

func (w *deadWalk) count(o outcome.Outcome) {
	w.done++
	w.reasons[o.Reason]++
	w.batches[o.Batch]++
	if w.progress != "" && time.Since(w.shown) >= plainEvery {
		w.shown = time.Now()
		w.out.say("%s %s so far", plural(w.done, "dead letter"), w.progress)
	}
}

// pass reports an error that concerns one letter alone, and whether it does.
func (w *deadWalk) pass(err error) bool {
	var notDead *outcome.NotDeadError
	var corrupt *outcome.CorruptError
	named := len(w.filter.ImpUIDs) > 0
	withdrawn, reissued := errors.Is(err, outcome.ErrWithdrawn), errors.Is(err, outcome.ErrReissued)
	switch {
	case errors.As(err, &notDead) && !named:
		return true // it was on the list a moment ago: somebody else was faster
	case withdrawn && !named:
		w.left[outcome.ReasonWithdrawn]++
		return true
	case reissued && !named:
		w.left[outcome.ReasonReissued]++
		return true
	case errors.As(err, &notDead), errors.As(err, &corrupt), errors.Is(err, tasks.ErrInvalid), withdrawn, reissued:
		w.skipped++
		advice := unheardOf(notDead)
		if withdrawn {
			advice = w.advice
		}
		w.out.say("revoker: %v%s", err, advice)
		return true
	}
	return false
}

// unheardOf says what to do about an IMP_UID without an outcome, which may be no imp_uid at all.
func unheardOf(letter *outcome.NotDeadError) string {
	switch {
	case letter == nil || letter.Status != "":
		return ""
	case impuid.OfPortOne(letter.ImpUID):
		return "; 'revoker dead list' shows the dead letters"
	}
	return "; imp_uids begin with imp_ or imps_, and 'revoker dead list' shows those of the dead letters"
}

// end says how many letters there were, what was done to them, if anything, and
// why they are dead, such as "2 dead letters retried: 1 refused, 1 not_issued.", and of
// which batches they are; and how many were left alone. It returns errUnfinished if any was
// skipped, or left alone although its reason was named, or that there is no such batch.
func (w *deadWalk) end(did string) error {
	switch {
	case w.done > 0:
		letters := strings.TrimSuffix(plural(w.done, "dead letter")+" "+did, " ")
		w.out.say("%s: %s.", letters, w.summary())
		if w.batches[""] < w.done {
			w.out.say("By batch: %s.", w.byBatch())
		}
	case w.noBatch() != nil:
		return w.noBatch()
	case w.skipped+len(w.left) == 0:
		w.out.say("no dead letter matches")
	}
	w.tellLeft()
	if w.skipped > 0 || slices.ContainsFunc(w.filter.Reasons, func(r outcome.Reason) bool { return w.left[r] > 0 }) {
		return errUnfinished
	}
	return nil
}

// noBatch returns that there is no batch of the filter's name, nil where anything was met.
func (w *deadWalk) noBatch() error {
	if w.done+w.skipped+len(w.left) > 0 {
		return nil
	}
	return w.missing
}

// tellLeft says how many letters were left alone, and why.
func (w *deadWalk) tellLeft() {
	if n := w.left[outcome.ReasonWithdrawn]; n > 0 {
		w.out.say("%d cancelled, not retried: all who requested them have cancelled; "+
			"to revoke them all the same, request them again: revoker enqueue IMP_UID, "+
			"or revoker bulk FILE --batch NAME with another name", n)
	}
	if n := w.left[outcome.ReasonReissued]; n > 0 {
		w.out.say("%d reissued, not retried: another receipt exists now than the one asked for; "+
			"request it again: revoker enqueue IMP_UID --apply-num NUMBER", n)
	}
}

// summary returns the reasons of the letters, the most frequent first.
func (w *deadWalk) summary() string {
	var counts []string
	for _, reason := range byFrequency(w.reasons) {
		counts = append(counts, fmt.Sprintf("%d %s", w.reasons[reason], cmp.Or(reason, "unreadable")))
	}
	return strings.Join(counts, ", ")
}

// shownBatches is how many batches are named.
const shownBatches = 10

// byBatch returns the batches of the letters, those with the most first.
func (w *deadWalk) byBatch() string {
	var counts []string
	others := w.done
	for _, name := range byFrequency(w.batches) {
		if len(counts) == shownBatches {
			counts = append(counts, fmt.Sprintf("%d of others", others))
			break
		}
		others -= w.batches[name]
		counts = append(counts, fmt.Sprintf("%d %s", w.batches[name], cmp.Or(name, "single")))
	}
	return strings.Join(counts, ", ")
}

// change is what a command does to dead letters, and whether it may: its verb as in "retry"
// and what was done as in "retried".
type change struct {
	verb, done  string
	dryRun, yes bool
}

// carryOut changes the letters by do, shows which it would change, or says how to confirm it.
func (p *program) carryOut(ctx context.Context, walk *deadWalk, c change, do func(context.Context) error) error {
	switch would := "would be " + c.done; {
	case c.dryRun:
		return p.rehearse(ctx, walk, would)
	case !c.yes:
		return walk.ask(ctx, would)
	}
	switch err := do(ctx); {
	case err == nil:
		return walk.end(c.done)
	case ctx.Err() != nil:
		return walk.stopped(c)
	default:
		return fmt.Errorf("%s: %w; the same command continues", c.verb, err)
	}
}

// stopped says how many letters there were before a Ctrl-C, and how to go on.
func (w *deadWalk) stopped(c change) error {
	if w.done == 0 {
		w.out.say("stopped: no dead letter was %s; the same command begins again", c.done)
		return errUnfinished
	}
	_ = w.end(c.done) // whatever it met, there may be more
	w.out.say("stopped: the same command continues with the rest")
	return errUnfinished
}

// rehearse shows the letters that something would be done to.
func (p *program) rehearse(ctx context.Context, walk *deadWalk, would string) error {
	if err := walk.each(ctx, walk.counted(p.printer().letter)); err != nil {
		return err
	}
	return walk.end(would)
}

// ask counts the letters that something would be done to, and returns a usageError that
// says what does it.
func (w *deadWalk) ask(ctx context.Context, would string) error {
	if err := w.each(ctx, w.counted(func(outcome.Outcome) error { return nil })); err != nil {
		return err
	}
	if w.done == 0 {
		return w.end("")
	}
	return usageError{fmt.Errorf("%s %s: --yes does it", plural(w.done, "dead letter"), would)}
}

// openDead connects, and returns the way through the letters that are meant.
func (p *program) openDead(
	ctx context.Context, s *deadSettings, impUIDs []string, c deadletter.Config,
) (*deadWalk, error) {
	filter, err := s.filter(impUIDs, time.Now())
	if err != nil {
		return nil, err
	}
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	walk := newDeadWalk(p.stderr, deadletter.New(p.client, p.store, c), filter)
	walk.missing, err = p.missingBatch(ctx, filter.Batch, false)
	return walk, err
}
