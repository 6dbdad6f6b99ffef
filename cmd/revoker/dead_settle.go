package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

// deadSettleSettings are what a person states about letters. Exactly one of revoked and notRevoked is
// set: there is no default for what a person found. reason is how the person knows, and not a reason
// of an outcome; by is who the person is.
type deadSettleSettings struct {
	revoked, notRevoked bool
	reason, by          string
	dryRun, yes         bool
}

// deadSettle returns the command that records what a person found out. It calls nothing: PortOne is
// not asked, since it is for receipts of which PortOne's API cannot tell.
func (p *program) deadSettle() *cobra.Command {
	var s deadSettleSettings
	cmd := &cobra.Command{
		Use:   "settle IMP_UID... --revoked|--not-revoked --reason TEXT",
		Short: "Record what a person found out about dead letters",
		Long: `Settle is for dead letters of which PortOne's API cannot tell whether the
receipt is revoked, above all those with the reason unconfirmed. Look the
receipt up in PortOne's console, or ask the payment gateway, and record what you
found.

With --revoked it becomes revoked, with the reason stated_revoked, and leaves
the list. With --not-revoked it stays a dead letter, with the reason
stated_not_revoked, which 'revoker dead retry' tries again. Its batches, and
those who follow the outcomes, see the change. Who said so and how that is known
stand in the outcome, as stated_by and statement.

It needs --yes, without which it says how many would be settled. What is not a
dead letter, was withdrawn, or is reissued and stated not to be revoked, is
reported, and the exit code is then 3, as when Ctrl-C stops it. A statement that
a receipt is revoked cannot be taken back: if it was wrong, request the receipt
anew, with 'revoker enqueue IMP_UID --again'.`,
		Example: `  revoker dead settle imp_448280090638 --revoked --yes \
    --reason "console: cancelled 2026-11-25 14:02"`,
		PreRunE: notEmpty("by"),
		Args:    arguments(1, -1, "an IMP_UID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s.reason = strings.TrimSpace(s.reason)
			return p.runDeadSettle(cmd.Context(), s, args)
		},
	}
	// Use names the flags that are required; cobra would put [flags] behind them.
	cmd.DisableFlagsInUseLine = true
	p.redis.Flags(cmd.Flags())
	f := cmd.Flags()
	f.BoolVar(&s.revoked, "revoked", false, "the receipts are revoked")
	f.BoolVar(&s.notRevoked, "not-revoked", false, "the receipts are not revoked")
	f.StringVar(&s.reason, "reason", "", "how you know, as one line of `text`")
	f.StringVar(&s.by, "by", "", "the `name` of who found it out (default your user name)")
	f.BoolVar(&s.dryRun, "dry-run", false, "show what would be settled, and change nothing")
	f.BoolVar(&s.yes, "yes", false, "do it")
	return cmd
}

// statement returns what the flags state, or a usageError. Without --by the machine's user states it.
func (s *deadSettleSettings) statement() (outcome.Statement, error) {
	by := s.by
	if by == "" {
		self, err := user.Current()
		if err != nil {
			return outcome.Statement{}, usageError{fmt.Errorf("say with --by who found it out: %w", err)}
		}
		by = self.Username
	}
	statement := outcome.Statement{Revoked: s.revoked, By: by, Text: s.reason}
	switch {
	case s.revoked == s.notRevoked:
		return statement, usageError{errors.New("say what you found: either --revoked or --not-revoked")}
	case s.reason == "":
		return statement, usageError{errors.New("say with --reason how you know, as one line of text")}
	// --reason filters letters in the other dead commands: --reason not_issued is meant so.
	case slices.Contains(outcome.DeadReasons(), outcome.Reason(s.reason)):
		return statement, usageError{fmt.Errorf(
			"--reason %s is why it is dead: say how you know whether it is revoked", s.reason)}
	}
	if err := statement.Validate(); err != nil {
		return statement, usageError{err}
	}
	return statement, nil
}

// runDeadSettle settles each letter in one atomic step with its stream entry and its batches. What
// cannot be settled is reported, and the others are.
func (p *program) runDeadSettle(ctx context.Context, s deadSettleSettings, impUIDs []string) error {
	statement, err := s.statement()
	if err != nil {
		return err
	}
	walk, err := p.openDead(ctx, &deadSettings{}, impUIDs, deadletter.Config{})
	if err != nil {
		return err
	}
	walk.advice = ": there is nothing to settle, and 'revoker dead discard' takes it off the list"
	// Redis refuses the same in the step that settles (settle.lua); this is for --dry-run and the
	// count without --yes. A reissued letter that is stated not to be revoked could be retried, and
	// then another receipt would be revoked than the one that was requested.
	walk.refuse = func(o outcome.Outcome) error {
		switch {
		case o.Reason == outcome.ReasonWithdrawn:
			return fmt.Errorf("%s %w", o.ImpUID, outcome.ErrWithdrawn)
		case o.Reason == outcome.ReasonReissued && s.notRevoked:
			return fmt.Errorf("%s %w", o.ImpUID, outcome.ErrReissued)
		}
		return nil
	}
	return p.carryOut(ctx, walk, change{"settle", "settled", s.dryRun, s.yes}, func(ctx context.Context) error {
		return walk.each(ctx, walk.counted(func(o outcome.Outcome) error { return walk.list.Settle(ctx, o, statement) }))
	})
}
