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

// deadWalk goes through the dead letters that a filter means, once, and counts what it meets. list,
// retry, discard, settle and export share it, so that their counts, messages and exit codes agree.
//
// A letter counts in exactly one of done, left and skipped, or in none where another command has
// changed it meanwhile.
type deadWalk struct {
	out    screen // standard error: progress, what is skipped, and the sums
	list   *deadletter.List
	filter deadletter.Filter
	refuse func(outcome.Outcome) error // why nothing is done to a letter; may be nil
	advice string                      // what to do about one that was cancelled, behind its error
	// missing matches [outcome.ErrNoBatch] if there is no batch of the filter's name. It is an error
	// only where no letter matches: letters may outlive their batch.
	missing error

	reasons  map[outcome.Reason]int // of the letters that were carried out
	batches  map[string]int         // likewise; empty for single requests
	done     int                    // letters that were carried out
	left     map[outcome.Reason]int // letters of a filter that stay dead: cancelled or reissued
	skipped  int                    // letters that were named, or cannot be read, and stay as they are
	shown    time.Time              // when the progress was last shown
	progress string                 // what was done, as in "retried so far"; empty for no progress
}

// newDeadWalk returns a walk that tells people on out. The caller may set refuse, advice and progress
// before the walk begins.
func newDeadWalk(out io.Writer, list *deadletter.List, filter deadletter.Filter) *deadWalk {
	return &deadWalk{
		out: newScreen(out), list: list, filter: filter, shown: time.Now(),
		reasons: make(map[outcome.Reason]int), batches: make(map[string]int), left: make(map[outcome.Reason]int),
	}
}

// each calls do with every letter that matches. A letter that cannot be read, is not dead or was
// refused is reported, and the walk continues; any other error ends it. Ctrl-C ends it between two
// letters: [deadletter.List.Retry] finishes the letter that it has begun.
func (w *deadWalk) each(ctx context.Context, do func(outcome.Outcome) error) error {
	for o, err := range w.list.All(ctx, w.filter) {
		if err == nil && w.refuse != nil {
			err = w.refuse(o)
		}
		if err == nil && ctx.Err() == nil {
			err = do(o)
		}
		switch {
		// First, as a call that Ctrl-C interrupts fails with an error that looks like one of Redis.
		case ctx.Err() != nil:
			return fmt.Errorf("stopped after %s", plural(w.done, "dead letter"))
		case err != nil && !w.pass(err):
			return fmt.Errorf("ended after %s: %w", plural(w.done, "dead letter"), err)
		}
	}
	return nil
}

// counted returns a function that does the same as do, and counts the letter if do returns no error.
func (w *deadWalk) counted(do func(outcome.Outcome) error) func(outcome.Outcome) error {
	return func(o outcome.Outcome) error {
		err := do(o)
		if err == nil {
			w.count(o)
		}
		return err
	}
}

// count counts a letter that was carried out, under the reason and the batch that it had when it was
// read. It shows progress every five seconds.
func (w *deadWalk) count(o outcome.Outcome) {
	w.done++
	w.reasons[o.Reason]++
	w.batches[o.Batch]++
	if w.progress != "" && time.Since(w.shown) >= plainEvery {
		w.shown = time.Now()
		w.out.say("%s %s so far", plural(w.done, "dead letter"), w.progress)
	}
}

// pass reports whether an error concerns one letter alone, so that the walk can continue, and tells
// people of it. Of a filter's letters those that stay dead are only counted, since there may be
// thousands; one that was named is reported with the reason, and makes the exit code 3.
func (w *deadWalk) pass(err error) bool {
	var notDead *outcome.NotDeadError
	var corrupt *outcome.CorruptError
	named := len(w.filter.ImpUIDs) > 0
	withdrawn, reissued := errors.Is(err, outcome.ErrWithdrawn), errors.Is(err, outcome.ErrReissued)
	switch {
	case errors.As(err, &notDead) && !named:
		return true // it was on the list a moment ago: a worker or another command has changed it
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

// unheardOf says what to do about an IMP_UID without an outcome, which may be no imp_uid at all, such
// as an order's number. It says nothing of one that has an outcome, or of a nil letter.
func unheardOf(letter *outcome.NotDeadError) string {
	switch {
	case letter == nil || letter.Status != "":
		return ""
	case impuid.OfPortOne(letter.ImpUID):
		return "; 'revoker dead list' shows the dead letters"
	}
	return "; imp_uids begin with imp_ or imps_, and 'revoker dead list' shows those of the dead letters"
}

// end says how many letters there were, what was done to them, if anything, and why they are dead,
// such as "2 dead letters retried: 1 refused, 1 not_issued."; of which batches they are; and how many
// stay dead. did is empty where nothing is done to them.
//
// It returns errUnfinished, exit code 3, if a letter was skipped, or stays dead although --reason
// named its reason: "dead retry --reason withdrawn" has done nothing of what it was told. A letter
// that a wider filter merely included is no failure. If nothing was met and the batch does not exist,
// it returns that error.
func (w *deadWalk) end(did string) error {
	switch {
	case w.done > 0:
		letters := strings.TrimSuffix(plural(w.done, "dead letter")+" "+did, " ")
		w.out.say("%s: %s.", letters, w.summary())
		// Single requests alone would make a line that says nothing.
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

// noBatch returns an error that matches [outcome.ErrNoBatch] if there is no batch of the filter's
// name, and nil where any letter was met.
func (w *deadWalk) noBatch() error {
	if w.done+w.skipped+len(w.left) > 0 {
		return nil
	}
	return w.missing
}

// tellLeft says how many letters of a filter stay dead, why, and with which command their receipts are
// revoked all the same: a new request, which a person must make on purpose.
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

// shownBatches is how many batches are named. The letters of all others are one sum, so that the
// line stays readable where many lists have left letters.
const shownBatches = 10

// byBatch returns the batches of the letters, those with the most first, as in "40 refunds, 3
// single, 2 of others". A letter counts for the batch that requested it first, though several may
// have.
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

// change is what a command does to dead letters, and whether it may: its verb as in "retry", and what
// was done as in "retried". Without yes nothing is changed, and dryRun shows each letter.
type change struct {
	verb, done  string
	dryRun, yes bool
}

// carryOut changes the letters by do, or shows which it would change (--dry-run, which wins over
// --yes), or says how many and that --yes does it. All three walk alike, so that the letters shown
// are those that would be changed, as far as the list stays as it is.
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
	// Ctrl-C loses nothing: exit code 3, and how many letters were changed.
	case ctx.Err() != nil:
		return walk.stopped(c)
	default:
		return fmt.Errorf("%s: %w; the same command continues", c.verb, err)
	}
}

// stopped says how many letters were changed before a Ctrl-C, and that the same command continues.
// It always returns errUnfinished: whatever the walk met, there may be more.
func (w *deadWalk) stopped(c change) error {
	if w.done == 0 {
		w.out.say("stopped: no dead letter was %s; the same command begins again", c.done)
		return errUnfinished
	}
	_ = w.end(c.done) // its error would say less than errUnfinished: that the walk was stopped
	w.out.say("stopped: the same command continues with the rest")
	return errUnfinished
}

// rehearse prints the letters that would be changed to standard output, and counts them.
func (p *program) rehearse(ctx context.Context, walk *deadWalk, would string) error {
	if err := walk.look(ctx, p.printer().letter); err != nil {
		return err
	}
	return walk.end(would)
}

// look shows the letters and counts them. The error is errUnfinished if Ctrl-C stopped it, as that of
// a command that changes letters is.
func (w *deadWalk) look(ctx context.Context, show func(outcome.Outcome) error) error {
	err := w.each(ctx, w.counted(show))
	if err != nil && ctx.Err() != nil {
		w.out.say("%v; nothing was changed", err)
		return errUnfinished
	}
	return err
}

// ask counts the letters that would be changed, and returns a usageError, exit code 2, that says that
// --yes does it. Where there is none it ends as a walk without a letter, since --yes would do nothing.
func (w *deadWalk) ask(ctx context.Context, would string) error {
	if err := w.look(ctx, func(outcome.Outcome) error { return nil }); err != nil {
		return err
	}
	if w.done == 0 {
		return w.end("")
	}
	return usageError{fmt.Errorf("%s %s: --yes does it", plural(w.done, "dead letter"), would)}
}

// openDead connects, and returns the walk through the letters that are meant. A mistake in the
// filter is reported before the command connects; a batch that does not exist is kept for the end,
// see deadWalk.
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
