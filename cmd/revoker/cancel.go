package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

// cancelSettings say whether requests are withdrawn, or only shown. batch cancel changes nothing
// without yes; cancel accepts the flag, and needs none.
type cancelSettings struct {
	dryRun, yes bool
}

// cancelFlags registers the flags that cancel and batch cancel share.
func (p *program) cancelFlags(s *cancelSettings, cmd *cobra.Command) {
	p.redis.Flags(cmd.Flags())
	f := cmd.Flags()
	f.BoolVar(&s.dryRun, "dry-run", false, "show what would be withdrawn, and change nothing")
	f.BoolVar(&s.yes, "yes", false, "do it; single IMP_UIDs need none")
	f.BoolVar(&p.json, "json", false, "print one JSON object a line")
}

// cancel returns the command that withdraws single requests. It needs no --yes: each imp_uid is
// named, and a request that was cancelled by mistake can be made again.
func (p *program) cancel() *cobra.Command {
	var s cancelSettings
	cmd := &cobra.Command{
		Use:   "cancel IMP_UID...",
		Short: "Withdraw requests that have not been carried out",
		Long: `Cancel withdraws what was asked for: no attempt begins any more. A receipt that
was never called ends as dead, with the reason withdrawn; for one that was
called before, a lookup decides whether it ends as already revoked or as
withdrawn. Where PortOne documents no lookup, for settle and kicc, it ends as
unconfirmed if an answer of it is lost, and else as withdrawn. An attempt that
is running is finished: it is shown, and not repeated. A dead letter stays one:
'revoker dead retry' leaves it alone from then on.

It withdraws what everybody asks for these receipts, lists included. To withdraw
a list, use 'revoker batch cancel'. Asking again afterwards is a new request.

It exits 3 if one was not requested, had ended before, or is running.`,
		Example: `  revoker cancel imp_448280090638
  revoker cancel imp_448280090638 imp_448280090639 --dry-run`,
		Args: arguments(1, -1, "an IMP_UID"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runCancel(cmd.Context(), s, args) },
	}
	p.cancelFlags(&s, cmd)
	return cmd
}

// runCancel withdraws every request for the imp_uids, 500 in each atomic step. Once one is printed
// no attempt on it begins any more.
func (p *program) runCancel(ctx context.Context, s cancelSettings, impUIDs []string) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	c := cancelling{program: p, settings: s, counts: make(map[outcome.Withdrawal]int)}
	return c.each(p.requests().Cancel(ctx, slices.Values(impUIDs), s.dryRun), true)
}

// batchCancel returns the command that withdraws a list. Unlike cancel it leaves a receipt that
// another list or a single request covers too: whoever made that request has not cancelled it.
func (p *program) batchCancel() *cobra.Command {
	var s cancelSettings
	cmd := &cobra.Command{
		Use:   "cancel NAME",
		Short: "Withdraw a list, as far as it has not been carried out",
		Long: `Cancel withdraws a list: none of its lines is called any more, also of those
that are still being enqueued, and nothing more can be asked for under its name.
A line that was never called ends as dead, with the reason withdrawn; for one
that was called before, a lookup decides, as with 'revoker cancel'. A receipt
that another list or a single request asks for as well stays requested. Attempts
that are running are shown, and not repeated. Dead letters of it are not retried
any more, not even by a 'revoker dead retry' that is running. To revoke a line
all the same, request it again, on its own or in a list with another name.

It needs --yes, without which it says how many lines would be withdrawn. Lines
that were cancelled before are counted apart. A list of which every line is
revoked is left as it is. Ctrl-C stops the counting, not the cancelling: from
the start on no line is called. It exits 3 if attempts are running.`,
		Example: `  revoker batch cancel refunds-2026-11 --dry-run
  revoker batch cancel refunds-2026-11 --yes`,
		Args: arguments(1, 1, "the NAME of a batch"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runBatchCancel(cmd.Context(), s, args[0]) },
	}
	p.cancelFlags(&s, cmd)
	return cmd
}

// runBatchCancel cancels a batch, or without --yes counts what that would withdraw and returns a
// usageError. The first thing that the cancelling does is to mark the batch; from then on no line is
// called, and what follows only ends the lines sooner and counts them. So Ctrl-C in between leaves
// nothing half done.
func (p *program) runBatchCancel(ctx context.Context, s cancelSettings, name string) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	batch, err := p.requests().Batch(name, enqueue.BatchOptions{})
	if err != nil {
		return usageError{err}
	}
	// Without --yes it is a dry run that ends with exit code 2 instead of 0.
	ask := !s.dryRun && !s.yes
	s.dryRun = s.dryRun || ask
	// The cancelling goes through all that is open, of other batches too: a million takes a while, and
	// the counter shows that it moves.
	progress := newCounter(p.stderr, "open receipts looked at")
	looked := func(n int) {
		for range n {
			progress.add()
		}
	}
	c := cancelling{program: p, settings: s, counts: make(map[outcome.Withdrawal]int), progress: progress}
	err = c.each(batch.Cancel(ctx, s.dryRun, looked), false)
	// No line was open. A sum of nothing would leave a person wondering whether the name is right.
	if err == nil && len(c.counts)+c.before == 0 {
		err = c.tellEnded(ctx, batch)
	}
	// That an attempt is running (errUnfinished) is printed; the answer to a missing --yes comes first.
	if ask && (err == nil || err == errUnfinished) {
		return usageError{fmt.Errorf("%s of %s would be withdrawn: --yes does it", plural(c.withdrawn(), "line"), name)}
	}
	return err
}

// cancelling shows the effect of a cancellation on each request, and counts the effects.
type cancelling struct {
	*program
	settings cancelSettings
	counts   map[outcome.Withdrawal]int // without those of before
	before   int                        // lines that had been cancelled before, on which this had no effect
	progress *counter                   // of a batch; nil for single requests
}

// withdrawals says what each effect means, in the order in which they are summed up: text stands
// beside an imp_uid, many behind a count in the sum. What is unfinished makes the exit code of cancel
// 3: the receipt had ended, its DELETE may be under way, or there was no request to withdraw. An
// effect that is missing here would be counted and never shown; [outcome.Foreign] is missing, since
// no batch yields it.
var withdrawals = []struct {
	of         outcome.Withdrawal
	text, many string
	unfinished bool
}{
	{outcome.Withdrawn, "withdrawn", "withdrawn", false},
	{outcome.Called, "withdrawn after an attempt: no other DELETE follows", "withdrawn after an attempt", false},
	{outcome.Running, "an attempt is running: it is not repeated", "running", true},
	{outcome.Wanted, "another request asks for it: it stays requested", "requested elsewhere too", false},
	{outcome.WasRevoked, "is revoked already", "revoked already", true},
	{outcome.WasDead, "is dead already: it is not retried any more", "dead already", true},
	{outcome.Unknown, "not requested", "not requested", true},
}

// each shows the effect on each request, and sums up. Of a batch it shows only attempts that are
// running, since a million lines would hide them; with --json it shows every line, for programs. It
// returns errUnfinished where an effect makes the exit code 3, see withdrawals.
func (c *cancelling) each(all iter.Seq2[enqueue.Cancelled, error], single bool) error {
	unfinished := false
	for cancelled, err := range all {
		if err != nil {
			c.progressEnd()
			return err
		}
		if cancelled.Before {
			c.before++
		} else {
			c.counts[cancelled.Withdrawal]++
		}
		for _, w := range withdrawals {
			if w.of != cancelled.Withdrawal {
				continue
			}
			// A line of a batch that has ended meanwhile is no failure of the cancelling. One with an
			// attempt that is running may yet be revoked.
			unfinished = unfinished || w.unfinished && (single || w.of == outcome.Running)
			if !single && w.of != outcome.Running && !c.json {
				continue
			}
			if err := c.show(cancelled, w.text); err != nil {
				return err
			}
		}
	}
	c.progressEnd()
	c.sumUp()
	return unfinishedIf(unfinished)
}

// progressEnd takes the counter off the terminal, before the sum or an error is printed there.
func (c *cancelling) progressEnd() {
	if c.progress != nil {
		c.progress.end()
	}
}

// show prints the effect on one request to standard output. The JSON has the words of
// [outcome.Withdrawal], which programs can rely on; text is for people.
func (c *cancelling) show(of enqueue.Cancelled, text string) error {
	if c.json {
		return printJSON(c.stdout, struct {
			ImpUID     string             `json:"imp_uid"`
			Withdrawal outcome.Withdrawal `json:"withdrawal"`
			Before     bool               `json:"before,omitempty"`
		}{of.ImpUID, of.Withdrawal, of.Before})
	}
	return newScreen(c.stdout).line(pad(of.ImpUID, 18)+"  "+text, hanging)
}

// withdrawn returns how many requests no DELETE follows. Those of which an attempt is running are
// left out: their DELETE may be under way.
func (c *cancelling) withdrawn() int { return c.counts[outcome.Withdrawn] + c.counts[outcome.Called] }

// tellEnded says of a batch without open lines how its lines have ended. A batch with dead letters is
// cancelled all the same, which keeps them from being retried; one whose lines are all revoked is
// not, as nothing in it could be withdrawn.
func (c *cancelling) tellEnded(ctx context.Context, batch *enqueue.Batch) error {
	b, err := batch.Status(ctx)
	if err == nil {
		c.say("Nothing is open: %d revoked and %d dead already.", b.Revoked, b.Dead)
		if b.Dead > 0 && !b.CancelledAt.IsZero() {
			c.say("The dead letters are not retried any more.")
		}
	}
	return err
}

// sumUp says on standard error how many there were of each kind, such as "3 withdrawn, 1 running."
func (c *cancelling) sumUp() {
	var parts []string
	for _, w := range withdrawals {
		if n := c.counts[w.of]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, w.many))
		}
	}
	if len(parts)+c.before == 0 {
		return
	}
	if c.before > 0 {
		parts = append(parts, fmt.Sprintf("%d cancelled before", c.before))
	}
	would := ""
	if c.settings.dryRun {
		would = "Would be: "
	}
	c.say("%s%s.", would, strings.Join(parts, ", "))
}
