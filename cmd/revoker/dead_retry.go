package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
)

// defaultRate is how many letters are retried a second: about what one process revokes on one gateway
// with its 20 slots, if a call takes 400 ms (20 / 0.4 s = 50). Letters without a batch share the queue
// of single revocations, which at a higher rate would wait behind them.
const defaultRate = 50

// deadRetrySettings say which letters are retried, and how fast.
type deadRetrySettings struct {
	deadSettings
	rate        float64 // letters a second; 0 for as fast as Redis allows
	all, dryRun bool
}

// deadRetry returns the command that gives letters fresh attempts. It has no --yes: it retries only
// what was requested and not cancelled, and needs imp_uids, a filter or --all in any case.
func (p *program) deadRetry() *cobra.Command {
	var s deadRetrySettings
	cmd := &cobra.Command{
		Use:   "retry [IMP_UID...]",
		Short: "Give dead letters fresh attempts",
		Long: `Retry takes dead letters off the list and enqueues them again, as if they had
never been tried: for when what was wrong has been put right. It needs IMP_UIDs,
a flag that narrows the letters down, or --all.

By default it retries 50 a second, about what one worker process revokes on one
gateway, so that single revocations hardly wait for them.

A letter that all who asked have cancelled is never retried, whatever it died
of and whenever that was: request it again, with 'revoker enqueue', or in a list
with another name. Nor is one with the reason reissued: the receipt that exists
now is not the one that was asked for. Request it again, with the --apply-num
that is meant. How many were left is said in the end. A list that is cancelled
while its letters are retried stops that.

Retrying twice harms nothing: what is no longer dead is left alone. Ctrl-C stops
between two letters, with exit code 3; it says how many were retried, and the
same command continues. An IMP_UID that is not dead or was cancelled, and a
letter that cannot be retried, are reported, and the exit code is then 3.

` + filterHelp,
		Example: `  revoker dead retry imp_448280090638
  revoker dead retry --reason attempts_exhausted --pg kcp --dry-run
  revoker dead retry --all --rate 200`,
		Args: arguments(0, -1, ""),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runDeadRetry(cmd.Context(), s, args) },
	}
	p.deadFlags(&s.deadSettings, cmd.Flags())
	p.retention.Flags(cmd.Flags())
	f := cmd.Flags()
	f.BoolVar(&s.all, "all", false, "all dead letters")
	f.BoolVar(&s.dryRun, "dry-run", false, "show what would be retried, and change nothing")
	f.Float64Var(&s.rate, "rate", defaultRate, "how many a second, such as 0.5, 0 for as fast as Redis allows")
	return cmd
}

// validate returns a usageError for a rate that none can be, by the rule of the workers' --rate, or
// where it is not said which letters are meant.
func (s *deadRetrySettings) validate(impUIDs []string) error {
	if err := gate.ValidateRate("--rate", "letters", s.rate); err != nil {
		return usageError{err}
	}
	return checkAll(s.all, s.deadSettings.all(impUIDs), "retry")
}

// runDeadRetry retries the letters, one after the other. Each is opened in Redis before its task is
// enqueued, and both happen or a worker does the second: Ctrl-C stops between two letters.
func (p *program) runDeadRetry(ctx context.Context, s deadRetrySettings, impUIDs []string) error {
	if err := s.validate(impUIDs); err != nil {
		return err
	}
	if err := p.trace(ctx); err != nil {
		return err
	}
	walk, err := p.openDead(ctx, &s.deadSettings, impUIDs,
		deadletter.Config{Retention: p.retention.Duration(), Tracers: p.tracers})
	if err != nil {
		return err
	}
	// leave comes before the pace: letters that stay dead take no time, and --dry-run counts them too.
	walk.refuse, walk.advice = leave, "; to revoke it all the same, request it again: revoker enqueue IMP_UID"
	// A burst of one spreads the letters evenly over each second.
	pace := rate.NewLimiter(rate.Inf, 1)
	if s.rate > 0 {
		pace.SetLimit(rate.Limit(s.rate))
	}
	return p.carryOut(ctx, walk, change{"retry", "retried", s.dryRun, true}, func(ctx context.Context) error {
		walk.progress = "retried"
		return walk.each(ctx, walk.counted(func(o outcome.Outcome) error {
			if err := pace.Wait(ctx); err != nil {
				return err
			}
			return walk.list.Retry(ctx, o)
		}))
	})
}

// leave returns why a letter stays dead, nil if it is retried: its receipt is another by now, or all
// who requested it have cancelled, whatever it died of. The error matches [outcome.ErrReissued] or
// [outcome.ErrWithdrawn]. It goes by what was read; Redis decides once more in the step that revives
// the letter (dead_revive.lua), so that a cancellation in between counts.
func leave(o outcome.Outcome) error {
	switch {
	case o.Reason == outcome.ReasonReissued:
		return fmt.Errorf("%s %w", o.ImpUID, outcome.ErrReissued)
	case o.Withdrawn || o.Reason == outcome.ReasonWithdrawn:
		return fmt.Errorf("%s %w", o.ImpUID, outcome.ErrWithdrawn)
	}
	return nil
}
