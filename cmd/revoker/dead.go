package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

// filterHelp is what the help texts of list, retry, discard and export say about the filters.
const filterHelp = `The flags narrow the letters down, and all of them must fit; --reason and --pg
may name several. IMP_UIDs name single letters, also discarded ones.

` + timesHelp

// deadSettings say which dead letters are meant: those that match every field. An empty field matches
// all letters, and one of several values matches if any of them does.
type deadSettings struct {
	reasons, pgs []string
	batch        string // any that requests the receipt, not only the one that did so first
	since, until string // as typed, see timesHelp; since is included, until is not
}

// deadFlags registers the filters and what finds Redis. settle has no filters: a statement is about
// receipts that a person has looked up one by one.
func (p *program) deadFlags(s *deadSettings, f *pflag.FlagSet) {
	p.redis.Flags(f)
	f.StringSliceVar(&s.reasons, "reason", nil, "only these `reasons`: "+joinReasons())
	f.StringSliceVar(&s.pgs, "pg", nil, "only these payment gateways: `codes`, or their Korean names")
	f.StringVar(&s.batch, "batch", "", "only the batch of this `name`")
	f.StringVar(&s.since, "since", "", "only those given up at this `time` or later")
	f.StringVar(&s.until, "until", "", "only those given up before this `time`")
}

// all reports whether neither an imp_uid nor a flag narrows the letters down; see checkAll.
func (s *deadSettings) all(impUIDs []string) bool {
	return len(s.reasons)+len(s.pgs)+len(impUIDs) == 0 && s.batch+s.since+s.until == ""
}

// filter returns what the flags and arguments mean, or a usageError. now is the time that "2h" is
// before, and its zone is that of times without one.
func (s *deadSettings) filter(impUIDs []string, now time.Time) (deadletter.Filter, error) {
	f := deadletter.Filter{Batch: norm.NFC.String(s.batch), ImpUIDs: impUIDs}
	// A misspelled reason would match no letter, and "no dead letter matches" would read as good news.
	for _, name := range s.reasons {
		if !slices.Contains(outcome.DeadReasons(), outcome.Reason(name)) {
			return f, usageError{fmt.Errorf("--reason %q must be one of %s", name, joinReasons())}
		}
		f.Reasons = append(f.Reasons, outcome.Reason(name))
	}
	// A gateway that is not known is used as it is written: an order service may have requested with
	// such a pg, and its letter has it. warnOfGateways has warned of it.
	for _, name := range s.pgs {
		pg, _ := tasks.ParseGateway(name)
		f.PGs = append(f.PGs, pg)
	}
	var sinceErr, untilErr error
	f.Since, sinceErr = parseTime("--since", s.since, now)
	f.Until, untilErr = parseTime("--until", s.until, now)
	switch {
	case sinceErr != nil && untilErr != nil:
		return f, usageError{fmt.Errorf("%w; %w", sinceErr, untilErr)}
	case sinceErr != nil || untilErr != nil:
		return f, usageError{cmp.Or(sinceErr, untilErr)}
	}
	if !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return f, usageError{fmt.Errorf("--since %s must be before --until %s", s.since, s.until)}
	}
	return f, nil
}

// joinReasons returns the reasons that a dead letter may have, for help and messages.
func joinReasons() string { return listed(outcome.DeadReasons()) }

// checkAll returns a usageError unless --all is given exactly where no flag or imp_uid narrows the
// letters down. Without this check a script whose filter is an empty variable, as in --reason "",
// would retry or discard every letter. said tells whether --all is given, and meant what all
// returns.
func checkAll(said, meant bool, verb string) error {
	switch {
	case meant && !said:
		return usageError{fmt.Errorf("say which dead letters: IMP_UIDs, a flag such as --reason, "+
			"or --all to %s all of them", verb)}
	case said && !meant:
		return usageError{errors.New("--all does not go with IMP_UIDs or a flag that narrows them down")}
	}
	return nil
}

// deadList returns the command that shows dead letters. The letters go to standard output, the counts
// by reason and by batch to standard error.
func (p *program) deadList() *cobra.Command {
	var s deadSettings
	cmd := &cobra.Command{
		Use:   "list [IMP_UID...]",
		Short: "Show dead letters, oldest first",
		Long: `List shows dead letters, one a line and oldest first: when each was given up,
its payment gateway, reason, attempts and batch, and the last answer. In the end
it says how many there are for each reason, and of each batch. One whose outcome
cannot be read is reported, and the exit code is then 3.

` + filterHelp,
		Example: `  revoker dead list --since 24h
  revoker dead list --reason not_issued,refused --pg kcp --json`,
		Args: arguments(0, -1, ""),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runDeadList(cmd.Context(), s, args) },
	}
	p.deadFlags(&s, cmd.Flags())
	cmd.Flags().BoolVar(&p.json, "json", false, "print one JSON object a line")
	return cmd
}

// runDeadList prints each letter as it is read, one page of 500 at a time, so that a list of any
// length takes no more memory.
func (p *program) runDeadList(ctx context.Context, s deadSettings, impUIDs []string) error {
	walk, err := p.openDead(ctx, &s, impUIDs, deadletter.Config{})
	if err != nil {
		return err
	}
	if err := walk.each(ctx, walk.counted(p.printer().letter)); err != nil {
		return err
	}
	return walk.end("")
}
