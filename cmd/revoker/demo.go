package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
)

type demoSettings struct {
	keep    bool
	verbose bool
	ui      string
}

func (p *program) demo() *cobra.Command {
	var s demoSettings
	cmd := &cobra.Command{
		Use:   "demo [FILE]",
		Short: "See it at work: everything embedded, nothing to install",
		Long: `Demo starts a Redis, a pretend PortOne that fails in every way, a worker and the
web site of 'revoker monitor', all inside this process and on loopback. It
revokes 300 receipts, or those of FILE, a list as 'revoker bulk' reads it, and
shows what became of them. Nothing leaves the machine.`,
		Args: arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runDemo(cmd.Context(), s, args) },
	}
	cmd.Flags().BoolVar(&s.keep, "keep", false, "go on running afterwards, for the web site, until Ctrl-C")
	cmd.Flags().BoolVarP(&s.verbose, "verbose", "v", false, "show the worker's log instead of a progress bar")
	cmd.Flags().StringVar(&s.ui, "ui", "127.0.0.1:8980",
		"`address` of the web site; another port is taken if it is in use")
	return cmd
}

func (p *program) runDemo(ctx context.Context, s demoSettings, files []string) error {
	data := newDemoData()
	if len(files) > 0 {
		var err error
		if data, err = p.listedData(files[0]); err != nil {
			return err
		}
	}
	env, err := p.newDemoEnv(ctx, s, data)
	if err != nil {
		return err
	}
	defer env.close()

	fmt.Fprintf(p.stdout, "Revoking %d cash receipts through a pretend PortOne that fails in every way.\n"+
		"To watch: http://%s\n\n", len(data.revocations), env.ui)
	if err := env.enqueue(ctx); err != nil {
		return err
	}
	outcomes := env.watch(ctx)
	if ctx.Err() != nil {
		return errors.New("the demo was stopped before its end")
	}
	p.showOutcomes(outcomes)
	if err := p.showTruth(env.portone, outcomes); err != nil {
		return err
	}
	p.showNext(env, s.keep)
	if s.keep {
		<-ctx.Done()
	}
	return nil
}

// enqueue asks for all revocations, every third of them by itself and the others
// as a batch, and puts a broken task beside them, as a faulty producer would, if
// there is to be one.
func (e *demoEnv) enqueue(ctx context.Context) error {
	singles, lines := e.data.split()
	for result := range e.queue.RevokeMany(ctx, slices.Values(singles)) {
		if result.Err != nil {
			return result.Err
		}
	}
	batch, err := e.queue.Batch(demoBatch, enqueue.BatchOptions{})
	if err != nil {
		return err
	}
	for _, err := range batch.Ask(ctx, slices.Values(lines)) {
		if err != nil {
			return err
		}
	}
	if e.data.broken {
		return e.enqueueBroken(ctx)
	}
	return nil
}

// watch shows the progress until everything has ended.
func (e *demoEnv) watch(ctx context.Context) []outcome.Outcome {
	var ended []outcome.Outcome
	awaited := e.data.impUIDs()
	progress := newTally(e.program.stderr, len(awaited))
	if e.verbose {
		progress.bar = nil
	}
	for o, err := range e.queue.WaitMany(ctx, awaited) {
		if err != nil {
			progress.warn(err)
			continue
		}
		ended = append(ended, o)
		progress.add(o)
	}
	progress.end()
	return ended
}
