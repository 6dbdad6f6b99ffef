package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

// deadDiscardSettings say which letters are discarded, and whether: without yes they are only counted.
type deadDiscardSettings struct {
	deadSettings
	all, dryRun, yes bool
}

// deadDiscard returns the command that takes letters off the list. It changes the list alone: status,
// reports and batches still say dead, and dead retry can still be given the imp_uid.
func (p *program) deadDiscard() *cobra.Command {
	var s deadDiscardSettings
	cmd := &cobra.Command{
		Use:   "discard [IMP_UID...]",
		Short: "Take dead letters off the list, without another attempt",
		Long: `Discard takes dead letters off the list: for those that nothing more is to be
done about. Their outcomes stay, and 'revoker status' still says dead. It needs
IMP_UIDs, a flag that narrows the letters down, or --all; and --yes, without
which it says how many would go. An IMP_UID that is not on the list is reported,
and the exit code is then 3, as when Ctrl-C stops it.

It is also how to get rid of a letter whose outcome cannot be read: name it.

` + filterHelp,
		Example: `  revoker dead discard imp_448280090638 --yes
  revoker dead discard --reason not_issued --until 2026-11-01 --dry-run`,
		Args: arguments(0, -1, ""),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runDeadDiscard(cmd.Context(), s, args) },
	}
	p.deadFlags(&s.deadSettings, cmd.Flags())
	f := cmd.Flags()
	f.BoolVar(&s.all, "all", false, "all dead letters")
	f.BoolVar(&s.dryRun, "dry-run", false, "show what would be discarded, and change nothing")
	f.BoolVar(&s.yes, "yes", false, "do it")
	return cmd
}

// runDeadDiscard discards the letters. No filter finds a letter any more that was discarded: its
// imp_uid must be known to retry or settle it. So without --yes letters are only counted.
func (p *program) runDeadDiscard(ctx context.Context, s deadDiscardSettings, impUIDs []string) error {
	if err := checkAll(s.all, s.deadSettings.all(impUIDs), "discard"); err != nil {
		return err
	}
	walk, err := p.openDead(ctx, &s.deadSettings, impUIDs, deadletter.Config{})
	if err != nil {
		return err
	}
	// Nothing else gets a letter off the list whose outcome cannot be read: retry and settle need it.
	walk.filter.Unreadable = true
	return p.carryOut(ctx, walk, change{"discard", "discarded", s.dryRun, s.yes}, walk.discard)
}

// discardPage is how many letters are discarded in one round trip: Ctrl-C stops between two pages, and a
// page that was read and not discarded is not counted.
const discardPage = 500

// discard discards the letters, page by page.
func (w *deadWalk) discard(ctx context.Context) error {
	w.progress = "discarded"
	// A letter may be discarded while the list is walked: the walk continues by time and not by
	// position, so that it passes over none.
	page := make([]outcome.Outcome, 0, discardPage)
	flush := func() error {
		err := w.discardAll(ctx, page)
		page = page[:0]
		return err
	}
	err := w.each(ctx, func(o outcome.Outcome) error {
		if page = append(page, o); len(page) < discardPage {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	// The last page is rarely full.
	if err := flush(); err != nil {
		return fmt.Errorf("ended after %s: %w", plural(w.done, "dead letter"), err)
	}
	return nil
}

// discardAll discards letters, and counts them. One that is not on the list has left it since it was
// read: another command or a worker has taken it off. It is not counted. If it was named, that is said
// of it, and makes the exit code 3; of others it is said how many there were.
func (w *deadWalk) discardAll(ctx context.Context, letters []outcome.Outcome) error {
	listed, err := w.list.Discard(ctx, letters...)
	if err != nil {
		return err
	}
	left := 0
	for i, o := range letters {
		switch {
		case listed[i]:
			w.count(o)
		case len(w.filter.ImpUIDs) > 0:
			w.skipped++
			w.out.say("revoker: %s is not on the list: it was discarded before", o.ImpUID)
		default:
			left++
		}
	}
	if left > 0 {
		w.out.say("%s left the list meanwhile, by another command", plural(left, "dead letter"))
	}
	return nil
}
