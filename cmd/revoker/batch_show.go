package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks/outcome"
)

type batchShowSettings struct {
	redis      config.Redis
	json, wait bool
}

func (p *program) batchShow() *cobra.Command {
	var s batchShowSettings
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show how far a batch has come",
		Long: `Show tells what came of asking for the lines of a list, and what became of each
imp_uid: by reason, and by payment gateway. It exits 3 unless all are revoked.`,
		Example: `  revoker batch show refunds-2026-11 --wait`,
		Args:    arguments(1, 1, "the NAME of the batch"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.runBatchShow(cmd.Context(), s, args[0]) },
	}
	s.redis.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&s.json, "json", false, "print one JSON object")
	cmd.Flags().BoolVar(&s.wait, "wait", false, "wait until everything is revoked or given up")
	return cmd
}

func (p *program) runBatchShow(ctx context.Context, s batchShowSettings, name string) error {
	client, err := p.connect(ctx, s.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	store := outcome.NewStore(client, s.redis.Outcomes())
	read := store.Batch
	if s.wait {
		read = batchWatch{p.stderr, store}.until
	}
	b, err := read(ctx, norm.NFC.String(name))
	if err != nil {
		return err
	}
	if s.json {
		err = printJSON(p.stdout, b)
	} else {
		err = showBatch(p.stdout, b)
	}
	if err == nil && (b.Revoked < b.Asked() || b.Invalid > 0 || !b.Complete) {
		return errUnfinished
	}
	return err
}

// showBatch prints all that is known about a batch.
func showBatch(out io.Writer, b outcome.Batch) error {
	var t strings.Builder
	line := func(name string, count int, note string) {
		text := fmt.Sprintf("  %-14s %10d  %s", name, count, note)
		t.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	fmt.Fprintf(&t, "%s  %s\n", b.Name, b.Source)
	line("lines", b.Lines, unread(b))
	line("queued", b.Queued, "")
	line("duplicate", b.Duplicate(), duplicates(b))
	line("invalid", b.Invalid, "")
	t.WriteString("\n")
	line("revoked", b.Revoked, percent(b.Revoked, b.Asked()))
	line("dead", b.Dead, percent(b.Dead, b.Asked()))
	line("still to come", b.Open, toCome(b))
	if len(b.Reasons) > 0 {
		t.WriteString("\n")
	}
	for _, reason := range byFrequency(b.Reasons) {
		fmt.Fprintf(&t, "  %-19s %5d\n", reason, b.Reasons[reason])
	}
	gateways(&t, b)
	fmt.Fprintf(&t, "\n  started %s, last change %s%s\n", moment(b.StartedAt), moment(b.ChangedAt), finished(b))
	_, err := io.WriteString(out, t.String())
	return err
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
	if b.Open == 0 || !known {
		return ""
	}
	return fmt.Sprintf("about %s at %s/s", roughly(left), perSecond(b.Rate))
}

// gateways prints the table by gateway.
func gateways(t *strings.Builder, b outcome.Batch) {
	if len(b.Gateways) == 0 {
		return
	}
	fmt.Fprintf(t, "\n  %-14s %10s %10s %10s\n", "", "asked", "revoked", "dead")
	for _, pg := range slices.Sorted(maps.Keys(b.Gateways)) {
		of := b.Gateways[pg]
		fmt.Fprintf(t, "  %-14s %10d %10d %10d\n", cmp.Or(string(pg), "not known"), of.Asked, of.Revoked, of.Dead)
	}
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
