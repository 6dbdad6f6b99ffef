package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

type bulkSettings struct {
	redis     config.Redis
	retention config.Retention
	batch     string
	pg        string
	column    string
	report    string
	wait      bool
}

func (p *program) bulk() *cobra.Command {
	var s bulkSettings
	cmd := &cobra.Command{
		Use:   "bulk FILE|-",
		Short: "Ask for a whole list of receipts to be revoked",
		Long: `Bulk reads a list of payments and asks for each one's receipt to be revoked: a CSV
with a header, one bare column of imp_uids, or NDJSON; from a file, or from
standard input for "-". UTF-8 and the EUC-KR of Korean Excel are recognised.

The imp_uids stand in a column named imp_uid, impUid, 포트원 거래고유번호,
아임포트 거래고유번호 or 거래고유번호, or in --column; the gateways, if any, in one
named pg, pg_provider or PG사, as codes or Korean names. A line that cannot be
used is reported with its number, and the rest goes on.

Giving the same list again harms nothing: what was asked for stays asked for
once. Single revocations pass in front of a list's.`,
		Example: `  revoker bulk refunds.csv --wait --report outcomes.csv
  zcat refunds.csv.gz | revoker bulk - --batch refunds-2026-11`,
		Args: arguments(1, 1, "the FILE, or - for standard input,"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runBulk(cmd.Context(), s, args[0]) },
	}
	s.redis.Flags(cmd.Flags())
	s.retention.Flags(cmd.Flags())
	f := cmd.Flags()
	f.StringVar(&s.batch, "batch", "", "`name` that the outcomes bear (default the file's and the time)")
	f.StringVar(&s.pg, "pg", "", "payment gateway of lines that name none: a `code`, or its Korean name")
	f.StringVar(&s.column, "column", "", "`header` of the imp_uids' column")
	f.BoolVar(&s.wait, "wait", false, "wait until every line is revoked or given up")
	f.StringVar(&s.report, "report", "", "`file` for the list with its outcomes, as CSV or NDJSON like the list (needs --wait)")
	return cmd
}

func (p *program) runBulk(ctx context.Context, s bulkSettings, name string) error {
	if s.report != "" && !s.wait {
		return usageError{errors.New("--report needs --wait: without it the outcomes are not known yet")}
	}
	if s.batch == "" {
		s.batch = defaultBatch(name, time.Now())
	}
	pg, _ := tasks.ParseGateway(s.pg)
	options := list.Options{Column: s.column, PG: pg}

	source, again, err := p.openList(name, s.report != "")
	if err != nil {
		return err
	}
	defer source.Close()
	reader, err := list.NewReader(source, options)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	report, err := createReport(s.report)
	if err != nil {
		return err
	}
	defer report.abandon()
	client, err := p.connect(ctx, s.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	queue := enqueue.NewClient(client, enqueue.Config{Outcomes: s.redis.Outcomes(), Retention: s.retention.Duration()})

	job := &bulkJob{program: p, queue: queue, batch: s.batch, asked: map[string]bool{}}
	if err := job.enqueue(ctx, reader); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if s.wait {
		if err := job.wait(ctx); err != nil {
			return err
		}
	}
	if s.report != "" {
		if err := again(); err != nil {
			return err
		}
		if reader, err = list.NewReader(source, options); err != nil {
			return err
		}
		if err := report.write(ctx, reader, outcome.NewStore(client, s.redis.Outcomes())); err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "The report is in %s.\n", s.report)
	}
	if job.invalid > 0 || job.failed > 0 || s.wait && job.ended[outcome.Revoked] < len(job.asked) {
		return errUnfinished
	}
	return nil
}

// openList opens a list, such that again lets it be read a second time if that
// is asked for.
func (p *program) openList(name string, twice bool) (source io.ReadCloser, again func() error, err error) {
	if twice {
		return openTwice(name, p.stdin)
	}
	source, err = openSource(name, p.stdin)
	return source, nil, err
}

// defaultBatch names a list after its file and the time.
func defaultBatch(name string, now time.Time) string {
	base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	if name == "-" {
		base = "stdin"
	}
	return base + "-" + now.UTC().Format("20060102-150405")
}

// shownBadLines is how many unusable lines are shown one by one.
const shownBadLines = 100

// bulkJob is one list on its way.
type bulkJob struct {
	program *program
	queue   *enqueue.Client
	batch   string

	lines, queued, duplicate, invalid, failed int

	asked map[string]bool // imp_uids that were asked for, now or before
	ended map[outcome.Status]int
}

// enqueue asks for every line of a list, and says how that went.
func (j *bulkJob) enqueue(ctx context.Context, reader *list.Reader) error {
	var broken error
	var failure error
	for result := range j.queue.RevokeMany(ctx, j.revocations(reader, &broken)) {
		switch {
		case result.Err != nil:
			j.failed++
			failure = result.Err
		case result.Duplicate:
			j.duplicate++
			j.asked[result.Revocation.ImpUID] = true
		default:
			j.queued++
			j.asked[result.Revocation.ImpUID] = true
		}
	}
	err := j.program.stderr
	if hidden := j.invalid - shownBadLines; hidden > 0 {
		fmt.Fprintf(err, "… and %d more lines that cannot be used\n", hidden)
	}
	fmt.Fprintf(err, "%s: %d queued, %d asked for before, %d invalid, %d failed. Batch %s.\n",
		countLines(j.lines), j.queued, j.duplicate, j.invalid, j.failed, j.batch)
	switch {
	case broken != nil:
		return broken
	case ctx.Err() != nil:
		return fmt.Errorf("stopped after %s; the same command goes on where it stopped", countLines(j.lines))
	case failure != nil:
		return fmt.Errorf("%s not enqueued; the same command tries again: %w", countLines(j.failed), failure)
	}
	return nil
}

func countLines(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

// revocations yields what the lines of a list ask for and reports those that
// cannot be used. An error that ends the reading goes to broken.
func (j *bulkJob) revocations(reader *list.Reader, broken *error) iter.Seq[tasks.Revocation] {
	return func(yield func(tasks.Revocation) bool) {
		for row, err := range rows(reader) {
			var bad *list.LineError
			switch {
			case errors.As(err, &bad):
				j.lines++
				if j.invalid++; j.invalid <= shownBadLines {
					fmt.Fprintf(j.program.stderr, "revoker: %v\n", bad)
				}
				continue
			case err != nil:
				*broken = err
				return
			}
			j.lines++
			if !yield(tasks.Revocation{ImpUID: row.ImpUID, PG: row.PG, Batch: j.batch, Row: row.Line}) {
				return
			}
		}
	}
}

// wait waits until everything that was asked for has ended.
func (j *bulkJob) wait(ctx context.Context) error {
	progress := newProgress(j.program.stderr, len(j.asked))
	j.ended = make(map[outcome.Status]int)
	for o, err := range j.queue.WaitMany(ctx, slices.Collect(maps.Keys(j.asked))) {
		if err != nil {
			progress.warn(err)
			continue
		}
		j.ended[o.Status]++
		progress.add(o)
	}
	progress.end()
	if ctx.Err() != nil {
		return fmt.Errorf("stopped waiting; the batch %s goes on, and the same command with --wait waits again", j.batch)
	}
	fmt.Fprintf(j.program.stderr, "%d revoked, %d dead.\n", j.ended[outcome.Revoked], j.ended[outcome.Dead])
	return nil
}
