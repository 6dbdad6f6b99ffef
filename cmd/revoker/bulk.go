package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"
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
	source, again, err := p.openList(name, s.report != "")
	if err != nil {
		return err
	}
	defer source.Close()
	reader, err := list.NewReader(source, s.list())
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

	job := newBulkJob(p, s, client)
	job.batch = cmp.Or(s.batch, defaultBatch(name, time.Now()))
	if err := job.enqueue(ctx, reader); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if s.wait {
		if err := job.wait(ctx); err != nil {
			return err
		}
	}
	if report != nil {
		if err := again(); err != nil {
			return fmt.Errorf("read the list again for the report: %w", err)
		}
		if err := job.report(ctx, report, source, s.list()); err != nil {
			return err
		}
	}
	return job.verdict(s.wait)
}

// list returns how the list is read.
func (s bulkSettings) list() list.Options {
	pg, _ := tasks.ParseGateway(s.pg)
	return list.Options{Column: s.column, PG: pg}
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
