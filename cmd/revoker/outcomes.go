package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks/outcome"
)

type outcomesSettings struct {
	redis        config.Redis
	follow, json bool
}

func (p *program) outcomes() *cobra.Command {
	var s outcomesSettings
	cmd := &cobra.Command{
		Use:   "outcomes",
		Short: "Show what was revoked and what was given up, in order of time",
		Long: `Outcomes prints the stream of terminal outcomes from its beginning, and with
--follow waits for more. An imp_uid may come more than once: a dead letter that
turns out to be revoked comes again. An entry that cannot be read is reported, and
the exit code is then 3.`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runOutcomes(cmd.Context(), s) },
	}
	s.redis.Flags(cmd.Flags())
	cmd.Flags().BoolVarP(&s.follow, "follow", "f", false, "wait for more, until Ctrl-C")
	cmd.Flags().BoolVar(&s.json, "json", false, "print one JSON object a line")
	return cmd
}

// followPause is how long to wait after an error of Redis.
const followPause = time.Second

func (p *program) runOutcomes(ctx context.Context, s outcomesSettings) error {
	client, err := p.connect(ctx, s.redis)
	if err != nil {
		return err
	}
	defer client.Close()
	store := outcome.NewStore(client, s.redis.Outcomes())
	follow := following{stderr: p.stderr, out: printer{p.stdout, s.json}, after: "0", read: store.Events}
	if s.follow {
		follow.read = store.Follow
	}
	for {
		failed, err := follow.events(ctx)
		if err != nil {
			return err
		}
		if !s.follow || ctx.Err() != nil {
			return follow.verdict(failed)
		}
		if failed != nil {
			fmt.Fprintf(p.stderr, "revoker: %v\n", failed)
		}
		pause(ctx, followPause)
	}
}

// following is a way along the stream, and what was met.
type following struct {
	stderr     io.Writer
	out        printer
	read       func(ctx context.Context, after string) iter.Seq2[outcome.Event, error]
	after      string // the last event that was shown
	unreadable int
}

// events shows events until there are no more, or until reading them failed. An
// entry that cannot be read is reported, and the rest goes on. err is why they
// cannot be shown.
func (f *following) events(ctx context.Context) (failed, err error) {
	for event, failed := range f.read(ctx, f.after) {
		entry := event.ID != f.after // an error of Redis comes with no new one
		f.after = event.ID
		switch {
		case failed != nil && !entry:
			return failed, nil
		case failed != nil:
			f.unreadable++
			fmt.Fprintf(f.stderr, "revoker: %v\n", failed)
		default:
			if err := f.out.outcome(event.Outcome); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// verdict returns what reading failed of, or errUnfinished if any entry could
// not be read.
func (f *following) verdict(failed error) error {
	if failed == nil && f.unreadable > 0 {
		return errUnfinished
	}
	return failed
}
