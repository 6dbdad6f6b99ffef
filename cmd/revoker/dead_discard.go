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

// discardPage is how many letters are discarded with one ZREM, which is atomic: Ctrl-C stops between
// two pages, and a page that was read and not discarded is not counted.
const discardPage = 500

// discard discards the letters, page by page. Those that are named it discards one by one: ZREM
// returns only how many were on the list, and each that was not is to be reported by its imp_uid.
func (w *deadWalk) discard(ctx context.Context) error {
	w.progress = "discarded"
	size := discardPage
	if len(w.filter.ImpUIDs) > 0 {
		size = 1
	}
	// A letter may be discarded while the list is walked: the walk continues by time and not by
	// position, so that it passes over none.
	page := make([]outcome.Outcome, 0, size)
	flush := func() error {
		err := w.discardAll(ctx, page)
		page = page[:0]
		return err
	}
	err := w.each(ctx, func(o outcome.Outcome) error {
		if page = append(page, o); len(page) < size {
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

// discardAll discards letters, and counts them. If fewer were on the list than are given, another
// command has discarded the rest since they were read. Of a letter that was named it says so and does
// not count it, which makes the exit code 3; of a page it says how many, and counts all of them,
// since it cannot tell which they are.
func (w *deadWalk) discardAll(ctx context.Context, letters []outcome.Outcome) error {
	gone, err := w.list.Discard(ctx, letters...)
	missing := len(letters) - int(gone)
	switch {
	case err != nil:
		return err
	case missing > 0 && len(letters) == 1 && len(w.filter.ImpUIDs) > 0:
		w.skipped++
		w.out.say("revoker: %s is not on the list: it was discarded before", letters[0].ImpUID)
		return nil
	case missing > 0:
		w.out.say("revoker: %d of these had been discarded by another command", missing)
	}
	for _, o := range letters {
		w.count(o)
	}
	return nil
}
