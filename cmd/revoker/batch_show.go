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

func (p *program) runBatchShow(ctx context.Context, name string, wait bool) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	read := p.store.Batch
	if wait {
		read = newBatchWatch(p.stderr, p.client, p.store, p.redisFlags).until
	}
	b, err := read(ctx, norm.NFC.String(name))
	if err != nil {
		return err
	}
	if err := countWanted(ctx, p.store, &b); err != nil {
		return err
	}
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

// showBatch prints all that is known about a batch.
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

// printout is lines for people, and the first failure to write one.
type printout struct {
	screen
	err error
}

func (r *printout) say(indent int, format string, args ...any) {
	if r.err == nil {
		r.err = r.line(fmt.Sprintf(format, args...), indent)
	}
}

// row says how many there are of something; its note has a column of its own.
func (r *printout) row(name string, count int, note string) {
	r.say(len("  still to come           1  "), "  %-14s %10d  %s", name, count, note)
}

// unread says of a list of which more is to come that it is.
func unread(b outcome.Batch) string {
	if b.Complete {
		return ""
	}
	return "and more, the list was not read to its end"
}

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

// cancelledOpen says of a cancelled batch what becomes of its open lines.
func cancelledOpen(b outcome.Batch) string {
	const asked = "requested elsewhere too, and called"
	at, called := "cancelled "+moment(b.CancelledAt), b.Called()
	text := at + ": no DELETE follows, a lookup decides what was called" + withoutLookup(b.OpenOf())
	switch called {
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

// unseenLines says how many lines of a cancelled batch stay open since a DELETE may have worked unseen, and until when;
// empty if none does.
func unseenLines(b outcome.Batch) string {
	if b.Unseen == 0 {
		return ""
	}
	until := " until a lookup tells" // whose time has passed where a worker has died
	if b.UnseenUntil.After(time.Now()) {
		until = " until " + moment(b.UnseenUntil) + " at most"
	}
	return count(b.Unseen, "line stays open", "lines stay open") + until + ": a DELETE may have worked unseen"
}

// withoutLookup says of which of the gateways no lookup decides what was called.
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

// gateways prints the table by gateway.
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

// cancelled says when a batch was cancelled of which nothing is open, beside which it stands else.
func cancelled(b outcome.Batch) string {
	if b.CancelledAt.IsZero() || b.Open > 0 {
		return ""
	}
	return ", cancelled " + moment(b.CancelledAt)
}

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
