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

func (p *program) runBatchList(ctx context.Context) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	batches, err := p.store.Batches(ctx)
	for i := range batches {
		err = cmp.Or(err, countWanted(ctx, p.store, &batches[i]))
	}
	if err != nil {
		return err
	}
	var pauses []pause.Pause
	if slices.ContainsFunc(batches, func(b outcome.Batch) bool { return b.Open > 0 }) {
		pauses = p.pauses(ctx)
	}
	if p.json {
		for _, b := range batches {
			hold(&b, pauses)
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

// listBatches prints a table. What holds lines stands below it.
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

// state says in a word or two how a batch is.
func state(b outcome.Batch) string {
	left, known := b.Left()
	var parts []string
	switch {
	case b.Finished() && !b.CancelledAt.IsZero():
		return "finished, cancelled"
	case !b.CancelledAt.IsZero() && b.Called() > 0:
		parts = append(parts, fmt.Sprintf("cancelled but for %d", b.Called()))
	case !b.CancelledAt.IsZero():
		return "cancelled"
	case b.Finished():
		return "finished"
	case !b.Complete:
		parts = append(parts, "not read to its end")
	case known:
		parts = append(parts, roughly(left)+" left")
	}
	if b.Held > 0 {
		parts = append(parts, fmt.Sprintf("%d held", b.Held))
	}
	return cmp.Or(strings.Join(parts, ", "), "open")
}
