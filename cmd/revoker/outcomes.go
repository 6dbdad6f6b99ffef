package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"receiptrevoker/tasks/outcome"
)

// outcomesSettings say which outcomes of the stream are shown. since is as the person typed it: a
// time, how long ago, or the ID of an entry.
type outcomesSettings struct {
	follow       bool
	since, batch string
}

func (p *program) outcomes() *cobra.Command {
	var s outcomesSettings
	cmd := &cobra.Command{
		Use:   "outcomes",
		Short: "Show what was revoked and what was given up, in order of time",
		Long: `Outcomes prints the stream of terminal outcomes: from its beginning, which is
about a million outcomes ago, or from --since on. A line says when it ended, of
which gateway and batch it is, and as what it ended. With --follow it then waits
for more, also through an outage of Redis. An imp_uid may come more than once: a
dead letter that turns out to be revoked comes again.

A batch of which nothing is known, as of a misspelled name, is an error; with
--follow it is told, and waited for. Lines that were requested elsewhere before
belong to the batch that requested them first, or to none, and are not shown: it
says how many.

--since also takes the ID of an entry of the stream, and begins after it. When
--follow ends it says which one was the last.

An entry that cannot be read is reported, and the exit code is then 3. So are
entries that Redis has trimmed or lost before they were shown.

` + timesHelp,
		Example: `  revoker outcomes --follow --since now
  revoker outcomes --since 2d --batch refunds-2026-11 --json`,
		Args:    arguments(0, 0, ""),
		PreRunE: notEmpty("since", "batch"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.runOutcomes(cmd.Context(), s) },
	}
	p.redis.Flags(cmd.Flags())
	f := cmd.Flags()
	f.BoolVarP(&s.follow, "follow", "f", false, "wait for more, until Ctrl-C")
	f.StringVar(&s.since, "since", "", "only what ended at this `time` or later, or after this entry")
	f.StringVar(&s.batch, "batch", "", "only the batch of this `name`")
	f.BoolVar(&p.json, "json", false, "print one JSON object a line")
	return cmd
}

// streamID is the ID of an entry of a Redis stream: milliseconds since 1970 by Redis' clock, a hyphen,
// and a number that tells entries of one millisecond apart, as in 1764150000000-0. No time that
// [parseTime] reads has this form.
var streamID = regexp.MustCompile(`^\d+-\d+$`)

// time returns the time that --since means. It is the zero time for the ID of an entry, and where
// --since was not given. The error is a usageError.
func (s *outcomesSettings) time(now time.Time) (time.Time, error) {
	if streamID.MatchString(s.since) {
		return time.Time{}, nil
	}
	since, err := parseTime("--since", s.since, now)
	if err != nil {
		return since, usageError{fmt.Errorf("%w; or the ID of an entry, such as 1764150000000-0", err)}
	}
	return since, nil
}

// position returns the ID of the entry after which the command begins. "" and "0" are the stream's
// beginning.
func (s *outcomesSettings) position(ctx context.Context, store *outcome.Store, since time.Time) (string, error) {
	switch {
	case s.since == "now":
		// The last entry and no time: the clock of this machine may be ahead of Redis' or behind.
		return store.Last(ctx)
	case since.IsZero():
		return s.since, nil
	}
	return store.Before(ctx, since)
}

// read returns the outcomes of the stream after an entry, with --follow also those to come. With
// --follow an error of Redis ends nothing, as Redis is asked again; without it the error is the last
// that comes. Either way errors that match [outcome.ErrMissed] come in between.
func (s *outcomesSettings) read(
	ctx context.Context, store *outcome.Store, after string,
) iter.Seq2[outcome.Event, error] {
	if s.follow {
		return store.Follow(ctx, after)
	}
	return store.EventsAfter(ctx, after)
}

// runOutcomes prints the stream of outcomes. It returns errUnfinished if an entry could not be read
// or was gone before it was shown: a script that reads the output learns so by the exit code 3.
func (p *program) runOutcomes(ctx context.Context, s outcomesSettings) error {
	since, err := s.time(time.Now())
	if err != nil {
		return err
	}
	if err := p.connect(ctx); err != nil {
		return err
	}
	after, err := s.position(ctx, p.store, since)
	if err != nil {
		return err
	}
	// Names of batches are in Unicode's form NFC. A terminal or a file's name may give the same
	// Hangul letters in another form, by which no outcome would match.
	out, unshown, batch := p.printer(), false, norm.NFC.String(s.batch)
	missing, err := p.missingBatch(ctx, batch, s.follow)
	if err == nil && missing == nil && batch != "" {
		err = p.tellElsewhere(ctx, batch)
	}
	if err != nil {
		return err
	}
	for event, err := range s.read(ctx, p.store, after) {
		var corrupt *outcome.CorruptError
		// Errors have an ID too: the reading continues after it.
		after = event.ID
		switch skipped := errors.As(err, &corrupt) || errors.Is(err, outcome.ErrMissed); {
		case err != nil && !skipped && !s.follow:
			return err
		case err != nil:
			// An outage of Redis while following costs no outcome, so it is told and no more.
			unshown = unshown || skipped
			p.say("revoker: %v", err)
		case batch == "" || batch == event.Outcome.Batch:
			// A batch that has an outcome has existed, also if its own record is gone by now.
			missing = nil
			if err := out.event(event.Outcome); err != nil {
				return err
			}
		}
	}
	// Ctrl-C has ended the following. Before the first entry there is no ID to continue from.
	if s.follow && streamID.MatchString(after) {
		newScreen(p.stderr).erase()
		p.say("stopped; --since %s continues here", after)
	}
	switch {
	case unshown:
		return errUnfinished
	case !s.follow:
		return missing
	}
	return nil
}

// missingBatch returns as missing the error that no batch has the name, and nil if one has it or no
// name was given. With --follow it says so at once, and it is no error in the end: bulk may make the
// batch later. Without --follow a misspelled name would print nothing and exit 0.
func (p *program) missingBatch(ctx context.Context, name string, follow bool) (missing, err error) {
	if name == "" {
		return nil, nil
	}
	_, err = p.store.Batch(ctx, name)
	switch {
	case !errors.Is(err, outcome.ErrNoBatch):
		return nil, err
	case follow:
		p.say("revoker: %v; waiting for one", err)
	}
	return err, nil
}

// tellElsewhere says how many lines of a batch had been requested elsewhere before. An outcome names
// the batch that requested it first, or none, so that --batch does not find these lines.
func (p *program) tellElsewhere(ctx context.Context, name string) error {
	b, err := p.store.Batch(ctx, name)
	if err == nil && b.Elsewhere > 0 {
		p.say("%s of %s not shown: requested elsewhere before; revoker batch report %s FILE has all",
			plural(b.Elsewhere, "line"), name, name)
	}
	return err
}
