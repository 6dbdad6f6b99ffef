package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/pause"
)

// batchShow returns the command that shows one batch: the answer to "is the list done?" for a person
// at a terminal, and by its exit code for a script.
func (p *program) batchShow() *cobra.Command {
	wait := false
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show how far a batch has come",
		Long: `Show counts the lines of a list by what bulk did with them, and the imp_uids by
outcome: by reason, and by payment gateway. Held are lines that wait because a
gate or a person has paused their queue, or PortOne wants no calls
(Retry-After); the time left is that of the others. Of a cancelled list it
counts apart what is called all the same, because another request asks for it.
With --wait it also says how many workers are running. It exits 3 unless all are
revoked, also when Ctrl-C ends the waiting.`,
		Example: `  revoker batch show refunds-2026-11 --wait`,
		Args:    arguments(1, 1, "the NAME of the batch"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.runBatchShow(cmd.Context(), args[0], wait) },
	}
	p.redis.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&p.json, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until everything is revoked or given up")
	return cmd
}

// runBatchShow reads a batch, or waits for it, and prints it. It returns errUnfinished, exit code 3,
// unless every line is revoked: also where a line could not be used, or bulk has not read the list
// to its end, so that a script that goes by exit code 0 loses no receipt.
func (p *program) runBatchShow(ctx context.Context, name string, wait bool) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	read := p.store.Batch
	if wait {
		read = newBatchWatch(p.stderr, p.client, p.store, p.redisFlags).until
	}
	// macOS writes 환불 in file names as single jamo (NFD). Batches are kept under the form NFC, so
	// that a name which looks the same is the same.
	b, err := read(ctx, norm.NFC.String(name))
	if err != nil {
		return err
	}
	if err := countWanted(ctx, p.store, &b); err != nil {
		return err
	}
	// hold notes in b how many lines are held, which JSON has too; the holds say by whom.
	holds := hold(&b, p.pauses(ctx))
	if p.json {
		err = printJSON(p.stdout, b)
	} else {
		err = showBatch(newScreen(p.stdout), b, holds)
	}
	if err == nil && (b.Revoked < b.Asked() || b.Invalid > 0 || !b.Complete) {
		return errUnfinished
	}
	return err
}

// showBatch prints all that is known about a batch, in four parts: what bulk did with the lines of
// the list, the outcomes of its imp_uids, the same by reason, and the same by gateway. The lines
// add up to queued, duplicate and invalid; queued and those requested elsewhere add up to revoked,
// dead and still to come. Held is a part of the last, not one more.
func showBatch(out screen, b outcome.Batch, holds []pause.Hold) error {
	r := printout{screen: out}
	r.say(hanging, "%s  %s", b.Name, b.Source)
	r.row("lines", b.Lines, unread(b))
	r.row("queued", b.Queued, "")
	r.row("duplicate", b.Duplicate(), duplicates(b))
	r.row("invalid", b.Invalid, "")
	r.say(0, "")
	r.row("revoked", b.Revoked, percent(b.Revoked, b.Asked()))
	r.row("dead", b.Dead, percent(b.Dead, b.Asked()))
	r.row("still to come", b.Open, toCome(b))
	for _, h := range holds {
		r.row("held", h.Lines, by(h.Pause))
	}
	if len(b.Reasons) > 0 {
		r.say(0, "")
	}
	for _, reason := range byFrequency(b.Reasons) {
		r.say(hanging, "  %-19s %5d", reason, b.Reasons[reason])
	}
	r.gateways(b)
	r.say(0, "")
	r.say(hanging, "  started %s, last change %s%s%s", moment(b.StartedAt), moment(b.ChangedAt), finished(b), cancelled(b))
	return r.err
}

// printout is lines for people. It keeps the first failure to write one, after which it writes
// nothing more, so that only the end has to look at err.
type printout struct {
	screen
	err error
}

// say writes a line. Where the terminal is too narrow for it, its rest is indented by so many columns.
func (r *printout) say(indent int, format string, args ...any) {
	if r.err == nil {
		r.err = r.line(fmt.Sprintf(format, args...), indent)
	}
}

// row says how many there are of something. A note that does not fit beside it continues below its
// own beginning: the text given to len is as wide as what stands before the note.
func (r *printout) row(name string, count int, note string) {
	r.say(len("  still to come           1  "), "  %-14s %10d  %s", name, count, note)
}

// unread says beside the number of lines that it is not the whole list: bulk is reading it, or was
// stopped. The same list under the same name continues.
func unread(b outcome.Batch) string {
	if b.Complete {
		return ""
	}
	return "and more, the list was not read to its end"
}

// duplicates says why lines are duplicates. Those requested elsewhere have an outcome, which this
// batch counts too; those repeated in the list have none of their own and count as lines alone.
func duplicates(b outcome.Batch) string {
	var parts []string
	if b.Elsewhere > 0 {
		parts = append(parts, fmt.Sprintf("%d asked for elsewhere", b.Elsewhere))
	}
	if b.Repeated > 0 {
		parts = append(parts, fmt.Sprintf("%d repeated in the list", b.Repeated))
	}
	return strings.Join(parts, ", ")
}

// toCome says when the open lines may have ended, or of a cancelled batch how they end. It says
// nothing where no time is known: nothing has ended for some seconds, or all that is open is held.
func toCome(b outcome.Batch) string {
	left, known := b.Left()
	switch {
	case b.Open > 0 && !b.CancelledAt.IsZero():
		return cancelledOpen(b)
	case b.Open == 0 || !known:
		return ""
	case b.Held > 0:
		return fmt.Sprintf("about %s at %s/s for what is not held", roughly(left), perSecond(b.Rate))
	}
	return fmt.Sprintf("about %s at %s/s", roughly(left), perSecond(b.Rate))
}

// cancelledOpen says how the open lines of a cancelled batch end. Those that another request covers
// too are called all the same. Of the others those that were called before end by a lookup, and the
// next sweep ends those that were never called. Where some are called and some are not, both are
// counted: "1 cancelled …: no DELETE follows, …; 1 requested elsewhere too, and called".
func cancelledOpen(b outcome.Batch) string {
	const asked = "requested elsewhere too, and called"
	at, called := "cancelled "+moment(b.CancelledAt), b.Called()
	text := at + ": no DELETE follows, a lookup decides what was called" + withoutLookup(b.OpenOf())
	switch called {
	// No count is needed: the sentence is about all that is still to come.
	case 0:
		return strings.TrimSuffix(text+"; "+unseenLines(b), "; ")
	case b.Open:
		return at + ", but " + asked
	}
	if unseen := unseenLines(b); unseen != "" {
		text += "; " + unseen
	}
	return fmt.Sprintf("%d %s; %d %s", b.Open-called, text, called, asked)
}

// unseenLines says how many lines of a cancelled batch stay open because a DELETE may have worked
// unseen, and until when; empty if none does. Without it a person who cancelled a list would see
// lines open for up to twelve hours and no reason. It needs countWanted.
func unseenLines(b outcome.Batch) string {
	if b.Unseen == 0 {
		return ""
	}
	// The time has passed where a worker died after its DELETE: the next lookup, by another worker,
	// decides.
	until := " until a lookup tells"
	if b.UnseenUntil.After(time.Now()) {
		until = " until " + moment(b.UnseenUntil) + " at most"
	}
	return count(b.Unseen, "line stays open", "lines stay open") + until + ": a DELETE may have worked unseen"
}

// withoutLookup names the gateways with open lines for which PortOne documents no lookup, settle and
// kicc: to say that a lookup decides would promise what no worker can do.
func withoutLookup(open map[tasks.Gateway]int) string {
	var names []string
	for _, pg := range slices.Sorted(maps.Keys(open)) {
		if blind(pg) {
			names = append(names, string(pg))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" (for %s PortOne documents none)", strings.Join(names, " and "))
}

// gateways prints a table of what was requested, revoked and dead by gateway. Its order is that of
// the codes, so that two prints can be compared line by line. Lines without a known gateway are
// together as "not known"; they are in the common queue.
func (r *printout) gateways(b outcome.Batch) {
	if len(b.Gateways) == 0 {
		return
	}
	r.say(0, "")
	r.say(hanging, "  %-14s %10s %10s %10s", "", "asked", "revoked", "dead")
	for _, pg := range slices.Sorted(maps.Keys(b.Gateways)) {
		of := b.Gateways[pg]
		r.say(hanging, "  %-14s %10d %10d %10d", cmp.Or(string(pg), "not known"), of.Asked, of.Revoked, of.Dead)
	}
}

// cancelled says when a batch was cancelled, on the last line. While something is open it says
// nothing: cancelledOpen has the time then, beside "still to come".
func cancelled(b outcome.Batch) string {
	if b.CancelledAt.IsZero() || b.Open > 0 {
		return ""
	}
	return ", cancelled " + moment(b.CancelledAt)
}

// finished says when the last line ended, and the rate over the whole time since the batch was
// started. While a batch is open the rate is that of the last 10 to 20 seconds, see [outcome.Batch].
func finished(b outcome.Batch) string {
	if !b.Finished() {
		return ""
	}
	text := ", finished " + moment(b.FinishedAt)
	if b.Rate > 0 {
		text += fmt.Sprintf(" (%s/s)", perSecond(b.Rate))
	}
	return text
}
