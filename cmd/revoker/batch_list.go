package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/pause"
)

// batchList returns the command that shows all batches of the namespace. It reads one hash for each
// batch, in one round trip for all, however long their lists are. Cancelled batches of which
// something is open cost more, see runBatchList.
func (p *program) batchList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show all batches, the latest first",
		Long: `List shows all batches, the latest first: how many lines each list has, how many
of its imp_uids are revoked, dead, or still open, and whether it has finished,
how long it will take, or how many lines are held, by what and since when, or
until when where PortOne wants no calls (Retry-After). A list may be cancelled
but for some lines, which are called: another request asks for them, or they
were retried.`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runBatchList(cmd.Context()) },
	}
	p.redis.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&p.json, "json", false, "print one JSON object a line")
	return cmd
}

// runBatchList prints the batches as JSON or as a table. Where there are none it prints nothing on
// standard output: that is what a program reads.
func (p *program) runBatchList(ctx context.Context) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	batches, err := p.store.Batches(ctx)
	// A cancelled batch does not count which of its open lines are called all the same, since another
	// request covers them too. Each such batch costs one way through all that is open, about four
	// seconds for a million requests.
	for i := 0; err == nil && i < len(batches); i++ {
		err = countWanted(ctx, p.store, &batches[i])
	}
	if err != nil {
		return err
	}
	// A pause concerns open lines alone: where every batch has ended, the round trip for pauses is
	// saved.
	var pauses []pause.Pause
	if slices.ContainsFunc(batches, func(b outcome.Batch) bool { return b.Open > 0 }) {
		pauses = p.pauses(ctx)
	}
	if p.json {
		for _, b := range batches {
			hold(&b, pauses) // for "held"; who holds the lines is for people, in the table
			if err := printJSON(p.stdout, b); err != nil {
				return err
			}
		}
		return nil
	}
	if len(batches) == 0 {
		p.say("There are no batches.")
		return nil
	}
	return listBatches(newScreen(p.stdout), batches, pauses)
}

// listBatches prints a table. A row points by its mark to what holds its lines, which is printed
// once below the table: one gate may hold many batches, and the reason of a person may be long.
//
//	BATCH        STARTED KST LINES REVOKED DEAD OPEN  STATE
//	refunds 2026-11-25 08:49     4       0    0    3  3 held [1]
//	[1] held by the gate of kcp, closed since 2026-11-25 01:00:00 KST
func listBatches(out screen, batches []outcome.Batch, pauses []pause.Pause) error {
	var t table
	t.row("BATCH", "STARTED "+zone(time.Now()), "LINES", "REVOKED", "DEAD", "OPEN", "STATE")
	for _, b := range batches {
		cells := []string{b.Name, minute(b.StartedAt)}
		for _, n := range []int{b.Lines, b.Revoked, b.Dead, b.Open} {
			cells = append(cells, strconv.Itoa(n))
		}
		held := ""
		for _, h := range hold(&b, pauses) {
			held += " " + t.note("held "+by(h.Pause))
		}
		t.row(append(cells, state(b)+held)...)
	}
	return t.print(out)
}

// state says in a word or two how a batch is, such as "finished", "3m05s left", "2 held" or "open".
// Open means that nothing more is known: no line has ended for seconds, or no worker has begun.
func state(b outcome.Batch) string {
	left, known := b.Left()
	var parts []string
	switch {
	// Cancelled too late, or to keep its dead letters from being retried: both words are needed.
	case b.Finished() && !b.CancelledAt.IsZero():
		return "finished, cancelled"
	case !b.CancelledAt.IsZero() && b.Called() > 0:
		parts = append(parts, fmt.Sprintf("cancelled but for %d", b.Called()))
	case !b.CancelledAt.IsZero():
		return "cancelled"
	case b.Finished():
		return "finished"
	// Ctrl-C or an error stopped bulk, which the same list continues; or bulk is reading it now.
	case !b.Complete:
		parts = append(parts, "not read to its end")
	// Held lines are not in the time: they wait for a gate, a person or PortOne.
	case known:
		parts = append(parts, roughly(left)+" left")
	}
	if b.Held > 0 {
		parts = append(parts, fmt.Sprintf("%d held", b.Held))
	}
	return cmp.Or(strings.Join(parts, ", "), "open")
}
