package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks/outcome"
)

func (p *program) batch() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "batch",
		Short: "Show how far lists have come, report on them, cancel them",
		Long: `A batch is a list that was asked for with 'revoker bulk'. These commands tell
how far it has come, wait for its end, write the list with its outcomes, and
withdraw what has not been called.`,
		Example: `  revoker batch list
  revoker batch show refunds-2026-11 --wait
  revoker batch report refunds-2026-11 --output outcomes.csv --bom`,
		Args:                  noSuchCommand,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		DisableFlagsInUseLine: true,
	}
	cmd.AddCommand(p.batchList(), p.batchShow(), p.batchReport(), p.batchCancel())
	return cmd
}

type batchListSettings struct {
	redis config.Redis
	json  bool
}

func (p *program) batchList() *cobra.Command {
	var s batchListSettings
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show all batches, the latest first",
		Long: `List shows all batches, the latest first: how many lines each list has, how many
of its imp_uids are revoked, dead, or still open, and whether it has finished or
how long it will take.`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runBatchList(cmd.Context(), s) },
	}
	s.redis.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&s.json, "json", false, "print one JSON object a line")
	return cmd
}

func (p *program) runBatchList(ctx context.Context, s batchListSettings) error {
	client, err := p.connect(ctx, s.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	batches, err := outcome.NewStore(client, s.redis.Outcomes()).Batches(ctx)
	if err != nil {
		return err
	}
	if s.json {
		for _, b := range batches {
			if err := printJSON(p.stdout, b); err != nil {
				return err
			}
		}
		return nil
	}
	if len(batches) == 0 {
		fmt.Fprintln(p.stderr, "There are no batches.")
		return nil
	}
	return listBatches(p.stdout, batches)
}

// listBatches prints a table that fits a terminal of 80 columns unless a name
// is long.
func listBatches(out io.Writer, batches []outcome.Batch) error {
	width := len("BATCH")
	for _, b := range batches {
		width = max(width, runewidth.StringWidth(b.Name))
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-*s %-10s %9s %9s %7s %9s  %s\n",
		width, "BATCH", "STARTED", "LINES", "REVOKED", "DEAD", "OPEN", "STATE")
	for _, b := range batches {
		fmt.Fprintf(&text, "%s %-10s %9d %9d %7d %9d  %s\n",
			pad(b.Name, width), b.StartedAt.Format(time.DateOnly), b.Lines, b.Revoked, b.Dead, b.Open, state(b))
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// state says in a word or two how a batch is.
func state(b outcome.Batch) string {
	left, known := b.Left()
	switch {
	case !b.CancelledAt.IsZero():
		return "cancelled"
	case b.Finished():
		return "finished"
	case !b.Complete:
		return "being read"
	case known:
		return roughly(left) + " left"
	}
	return "open"
}
