package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/text/unicode/norm"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// bulkSettings say which list is requested, and how.
type bulkSettings struct {
	list   listSettings
	batch  string         // name of the batch; where --batch gives none, settle makes one
	report reportSettings // of --report, which needs wait
	wait   bool           // the command ends once every line is revoked or dead
	dryRun bool           // nothing is requested, and no report is written
	yes    bool           // no question is asked, whatever looks wrong about the list
}

// bulkFlags registers the flags of bulk. Those of the list are shared with batch report, which must
// read it in the same way.
func (p *program) bulkFlags(s *bulkSettings, f *pflag.FlagSet) {
	p.redis.Flags(f)
	p.retention.Flags(f)
	f.StringVar(&s.batch, "batch", "",
		"`name` of the batch, at most 64 letters of any script, digits, . _ and - (default the file's and the time)")
	s.list.flags(f)
	f.BoolVar(&s.dryRun, "dry-run", false, "show what would be asked for, and change nothing")
	f.BoolVar(&s.yes, "yes", false, "do it without a question, also where columns look wrong or rows are hidden")
	f.BoolVar(&s.wait, "wait", false, "wait until every line is revoked or given up")
	f.StringVar(&s.report.file, "report", "",
		"`file` for the list with its outcomes, as CSV, or NDJSON for a list in JSON (needs --wait)")
	f.BoolVar(&s.report.bom, "bom", false, "begin a CSV report with a byte-order mark, for Excel")
}

// listSettings say how a list is read: what its lines do not say, and what the reader cannot find out
// by itself. Empty is the default of each.
type listSettings struct{ pg, tier, column, sheet string }

// flags registers them. For --tier the command needs notEmpty: an empty one would mean the workers'
// own sub-merchant.
func (s *listSettings) flags(f *pflag.FlagSet) {
	f.StringVar(&s.pg, "pg", "", "payment gateway of lines that name none: a `code`, or its Korean name")
	f.StringVar(&s.tier, "tier", "",
		"`code` of the sub-merchant (하위상점) of lines that name none (default the workers' own)")
	f.StringVar(&s.column, "column", "", "`header` of the imp_uids' column, or their key in JSON")
	f.StringVar(&s.sheet, "sheet", "", "`name` of the sheet of a workbook (default the first that Excel shows)")
}

// options returns the settings as the reader takes them. A --pg that is not known is used as it is
// written, as one in a line would be: its receipts go to the common queue, and warnOfGateways has
// warned of it.
func (s listSettings) options() list.Options {
	pg, _ := tasks.ParseGateway(s.pg)
	return list.Options{Column: s.column, PG: pg, Tier: s.tier, Sheet: s.sheet}
}

// validate refuses a --tier that no sub-merchant can have: otherwise each line that names none would
// be reported as one that cannot be used. A wrong --column or --sheet is found when the list is
// opened; --pg may be any.
func (s listSettings) validate() error {
	if s.tier == "" {
		return nil
	}
	if err := tasks.ValidateTier(s.tier); err != nil {
		return fmt.Errorf("--tier: %w", err)
	}
	return nil
}

// bulkHelp is what bulk -h prints before its flags. No line may be wider than 80 columns, in which a
// Korean letter takes two: a test measures them.
const bulkHelp = `Bulk reads a list of payments and asks for each one's receipt to be revoked: a
CSV with a header, one bare column of imp_uids, an Excel workbook (.xlsx),
NDJSON, a JSON array, or a list as PortOne's API answers it; from a file, or
from standard input for "-". What is compressed with gzip or zstd is unpacked.
UTF-8, UTF-16 and the EUC-KR of Korean Excel are recognised, and so are
separators, line ends, and a header below a title. Of a workbook the first sheet
that Excel shows is read, or --sheet NAME; its rows are the lines.

The imp_uids stand in a column named imp_uid, impUid, 포트원 거래고유번호,
아임포트 거래고유번호, 거래고유번호, 포트원 거래번호 or 아임포트 거래번호, or in
--column; the gateways, if any, in one named pg, pg_provider, PG사 or
결제대행사, as codes or Korean names; a column apply_num names the receipt that
is meant, and no other of the same payment is revoked; one named tier or
tier_code the sub-merchant (하위상점), by three upper-case letters or digits. A
list with one of these two is refused while a worker runs that is too old to
know of it. A column that looks like one of these and is not read is named. A
line that cannot be used, such as one with fewer columns than most in which its
apply_num or tier may be missing, is reported with its number, and the rest goes
on; one that is refused because another receipt of its payment was being revoked
is given in another batch later. Lines of one payment that name another
apply_num or tier than each other, or none, or another gateway, contradict each
other, and none of them is asked for; of standard input and pipes of more than
1,000 lines, which are read only once, the first is.

With --dry-run it reads the list, and shows how it was understood, how many
lines are new or were asked for before, and the outcomes of those; nothing is
written. Where Redis would refuse the list, it says so and exits 1. On a
terminal it shows the same of more than 1,000 lines and asks, unless --yes.

It warns where imp_uids do not begin with imp_ or imps_, gateways are not known,
or lines name none while others do. If that is so in more than half of the
lines, it asks on a terminal, and needs --yes where there is none. So it does
where Excel hides rows of a workbook, which are read, and where other sheets
hold payments, unless --sheet says which is meant. A file is read once to its
end for that, before anything is asked for. Of standard input and pipes the
first 1,000 lines are looked at; if the whole turns out to look wrong, it exits
3 in the end, and says how to withdraw it.

The list is a batch: 'revoker batch show NAME' tells how far it has come. Giving
the same list again under the same --batch continues where it stopped, and asks
for nothing twice. A batch is one list: another one under that name is refused.
What was asked for elsewhere counts as a duplicate and is shown with the outcome
it has or gets. Single revocations come before those of a list.

It exits 3 if a line cannot be used, if more than half were asked for that look
wrong without --yes, and with --wait unless all are revoked; 1 if no line can be
used, and then no batch is made of fewer than 1,000 lines.`

// bulk returns the command that requests the receipts of a list. Its work is in bulkJob.
func (p *program) bulk() *cobra.Command {
	var s bulkSettings
	cmd := &cobra.Command{
		Use:   "bulk FILE|-",
		Short: "Ask for a whole list of receipts to be revoked",
		Long:  bulkHelp,
		Example: `  revoker bulk refunds.csv --dry-run
  revoker bulk refunds.csv --wait --report outcomes.csv --bom
  revoker bulk refunds.xlsx --sheet 환불 --batch refunds-2026-11`,
		Args:    arguments(1, 1, "the FILE, or - for standard input,"),
		PreRunE: notEmpty("tier"),
		RunE:    func(cmd *cobra.Command, args []string) error { return p.runBulk(cmd.Context(), s, args[0]) },
	}
	p.bulkFlags(&s, cmd.Flags())
	return cmd
}

// runBulk requests a list. What costs nothing to check comes first, so that a mistake is reported
// before anything is read, and everything is checked before the first line is recorded: the
// settings, the list's beginning, the report's folder, Redis and the rights of its user, the
// batch's name.
func (p *program) runBulk(ctx context.Context, s bulkSettings, name string) error {
	if err := s.settle(name, time.Now()); err != nil {
		return usageError{err}
	}
	// A report and a question each need a second way through the list. A pipe is then copied to a
	// temporary file; without them it is read once and not kept.
	ask := p.questions(s, name)
	input, err := p.openInput(name, s.list.options(), s.report.file != "" || ask)
	if err != nil {
		return err
	}
	defer input.close()
	if s.dryRun {
		return p.dryRun(ctx, s, input)
	}
	// The report's file is begun now: after hours of waiting it is too late to learn that its folder
	// does not exist. Whatever ends the command early removes the part file.
	var report *reportFile // nil without --report
	if s.report.file != "" {
		if report, err = p.createReport(s.report); err != nil {
			return err
		}
		defer report.abandon()
	}
	if err := p.connectToRequest(ctx); err != nil {
		return err
	}
	if err := p.trace(ctx); err != nil {
		return err
	}
	job, err := p.newBulkJob(s, input)
	if err != nil {
		return err
	}
	if ask {
		if err := p.confirm(ctx, job); err != nil {
			return err
		}
	}
	return job.run(ctx, report)
}

// settle gives the batch a name if --batch does not, and returns an error for settings that do not go
// together. now is for the name alone.
func (s *bulkSettings) settle(list string, now time.Time) error {
	if s.dryRun && (s.wait || s.report.file != "") {
		return errors.New("--dry-run asks for nothing: --wait and --report do not go with it")
	}
	if s.report.file != "" && !s.wait {
		return errors.New("--report needs --wait: without it the outcomes are not known yet")
	}
	if s.report.file == "-" {
		return errors.New("--report takes a file, not -: to standard output 'revoker batch report' writes the same")
	}
	// The batch could be made, and then not be shown or cancelled: "revoker batch cancel -x" is a flag.
	if strings.HasPrefix(s.batch, "-") {
		return fmt.Errorf("--batch: %q begins with -, so that commands would take it for a flag: give a name", s.batch)
	}
	// A file name of macOS is in Unicode's form NFD, which no batch may have.
	s.batch = norm.NFC.String(cmp.Or(s.batch, defaultBatch(list, now)))
	if err := outcome.ValidateBatchName(s.batch); err != nil {
		return fmt.Errorf("--batch: %w", err)
	}
	return s.list.validate()
}

// unnameable is what a batch's name may not have, by [outcome.ValidateBatchName]. In the name that is
// made of a file's each run of it becomes one hyphen: "환불 목록.xlsx" gives 환불-목록.
var unnameable = regexp.MustCompile(`[^\p{L}\p{M}\p{N}._-]+`)

// defaultBatch names a list after its file and the time in UTC, as in refunds-20261126-142531-k3vq.
// The last four letters or digits are random: another list of that name may be given in the same
// second, and would be refused as another list of the same batch. Of the file's name 40 letters are
// kept, which with the 21 behind them fit in the 64 that a batch's name may have.
func defaultBatch(name string, now time.Time) string {
	base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	if name == "-" {
		base = "stdin"
	}
	letters := []rune(strings.Trim(unnameable.ReplaceAllString(norm.NFC.String(base), "-"), "-"))
	return cmp.Or(string(letters[:min(len(letters), 40)]), "list") + now.UTC().Format("-20060102-150405-") +
		strings.ToLower(rand.Text()[:4])
}
