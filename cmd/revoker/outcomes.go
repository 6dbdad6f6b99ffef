package main

import (
	"context"
	"fmt"
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
turns out to be revoked comes again.`,
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
	out := printer{p.stdout, s.json}

	read, after := store.Events, "0"
	if s.follow {
		read = store.Follow
	}
	for {
		var failure error
		for event, err := range read(ctx, after) {
			after = event.ID
			if failure = err; err != nil {
				fmt.Fprintf(p.stderr, "revoker: %v\n", err)
				continue
			}
			if err := out.outcome(event.Outcome); err != nil {
				return err
			}
		}
		if !s.follow || ctx.Err() != nil {
			return failure
		}
		pause(ctx, followPause)
	}
}
