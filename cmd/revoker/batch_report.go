package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"receiptrevoker/enqueue"
)

// batchReportSettings say how the list is read again, and where the report goes.
type batchReportSettings struct {
	// list must be what it was for bulk: --pg and --tier are part of what a line requests, and by that
	// a batch knows its list. With another --tier the first line that names none is refused.
	list   listSettings
	report reportSettings
}

// batchReport returns the command that writes a batch's list with its outcomes. It exits 0 whatever
// the outcomes are: unlike batch show it is no test of the batch.
func (p *program) batchReport() *cobra.Command {
	var s batchReportSettings
	cmd := &cobra.Command{
		Use:   "report NAME [FILE|-]",
		Short: "Write a batch's list with its outcomes",
		Long: `Report writes the list of a batch in its own order and with its own columns, and
beside them the outcome of each line: as CSV, or as NDJSON if the list is JSON.
It can be written at any time; what has no outcome yet is queued or retrying.
The status is unknown if bulk has not come as far as the line, or if the outcome
has expired (--outcome-ttl), as the message then says.

Redis keeps no copy of the list. It is read from where 'revoker bulk' read it,
or from FILE, and compared with the batch: another list is refused. --pg,
--tier, --column and --sheet must be what they were then.

A line that repeats another one has "repeated" in the column duplicate, and one
that another request had asked for has "elsewhere". What a spreadsheet would run
as a formula in a CSV, whatever it takes for the separator, gets an apostrophe
before it.`,
		Example: `  revoker batch report refunds-2026-11 --output outcomes.csv --bom
  revoker batch report refunds-2026-11 refunds.csv > outcomes.csv`,
		PreRunE: notEmpty("tier"),
		Args:    arguments(1, 2, "the NAME of the batch"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := "" // where bulk read the list
			if len(args) == 2 {
				file = args[1]
			}
			return p.runBatchReport(cmd.Context(), s, args[0], file)
		},
	}
	p.redis.Flags(cmd.Flags())
	s.list.flags(cmd.Flags())
	cmd.Flags().StringVarP(&s.report.file, "output", "o", "-", "`file` to write, - for standard output")
	cmd.Flags().BoolVar(&s.report.bom, "bom", false, "begin a CSV with a byte-order mark, for Excel")
	return cmd
}

// runBatchReport writes the report in the list's own order. It requests nothing: it only compares
// the list with the batch, 250 lines at a time, and reads their outcomes.
func (p *program) runBatchReport(ctx context.Context, s batchReportSettings, name, file string) error {
	if err := s.list.validate(); err != nil {
		return usageError{err}
	}
	if err := p.connect(ctx); err != nil {
		return err
	}
	batch, err := p.requests().Batch(name, enqueue.BatchOptions{})
	if err != nil {
		return usageError{err}
	}
	// Redis keeps five bytes for each line, not its text: the list itself must be read again.
	if file == "" {
		if file, err = listOf(ctx, batch); err != nil {
			return err
		}
	}
	source, err := openSource(file, p.stdin)
	if err != nil {
		return fmt.Errorf("%w; give the FILE that holds the list", err)
	}
	input, err := newInput(file, source, s.list.options())
	if err != nil {
		return err
	}
	defer input.close()
	// The output begins before the list is gone through: a folder that does not exist is reported at
	// once, not after a million lines. An error below removes the part file and keeps the old report.
	report, err := p.createReport(s.report)
	if err != nil {
		return err
	}
	defer report.abandon()
	// Lines that contradict each other were not requested: the report shows them as invalid with the
	// same reason as bulk did. To find them, a file is read to its end once more.
	wrong, err := input.contradictions(ctx, p.stderr)
	if err != nil {
		return err
	}
	return reporter{batch, p.store, wrong, p.say}.writeFile(ctx, input.reader, report)
}

// listOf returns the file that a batch's list was read from, by the absolute path that newBulkJob
// recorded. On another machine that path may lead to nothing, or to another list, which the
// comparison with the batch refuses.
func listOf(ctx context.Context, batch *enqueue.Batch) (string, error) {
	known, err := batch.Status(ctx)
	if err != nil {
		return "", err
	}
	if known.Source == "-" {
		return "", errors.New("the list came from standard input: give the FILE that holds it")
	}
	return known.Source, nil
}
