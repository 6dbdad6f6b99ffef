package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"receiptrevoker/cmd/internal/demo"
	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// demoSettings say what is shown of a demo.
type demoSettings struct {
	keep    bool   // the web site and the worker run on until Ctrl-C
	verbose bool   // the worker's log, on standard error, in place of a bar
	ui      string // address of the web site; where it is in use, a free port of 127.0.0.1
}

// demo returns the command that shows the project at work. It reads no setting of Redis or PortOne
// and no credentials, so that it cannot revoke a real receipt, whatever the environment says.
func (p *program) demo() *cobra.Command {
	var s demoSettings
	cmd := &cobra.Command{
		Use:   "demo [FILE]",
		Short: "See it at work: everything embedded, nothing to install",
		Long: `Demo starts a Redis, a simulated PortOne that fails in every way, a worker and
the web site of 'revoker monitor', all inside this process and on loopback. It
revokes 300 receipts, or those of FILE, a list as 'revoker bulk' reads it, and
shows their outcomes. Nothing leaves the machine.`,
		Args: arguments(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error { return p.runDemo(cmd.Context(), s, args) },
	}
	cmd.Flags().BoolVar(&s.keep, "keep", false, "keep running afterwards, for the web site, until Ctrl-C")
	cmd.Flags().BoolVarP(&s.verbose, "verbose", "v", false, "show the worker's log instead of a progress bar")
	cmd.Flags().StringVar(&s.ui, "ui", "127.0.0.1:8980",
		"`address` of the web site; another port is taken if it is in use")
	return cmd
}

// runDemo starts the parts of a demo and shows it. A person's own list is read before anything is
// started, so that a mistake in it is reported alone.
func (p *program) runDemo(ctx context.Context, s demoSettings, files []string) error {
	data := demo.Invented()
	if len(files) > 0 {
		listed, err := p.readRevocations(files[0])
		if err != nil {
			return err
		}
		data = demo.Listed(listed)
	}
	log := slog.New(slog.DiscardHandler)
	if s.verbose {
		log = slog.New(slog.NewTextHandler(p.stderr, nil))
	}
	// go-redis has a log of its own, which would show when the demo closes its Redis. What fails is
	// reported by the part that needed it.
	redis.SetLogger(silent{})
	// Others: in a demo that is kept running, a person may request an imp_uid that is not on the list. It
	// has a receipt (0 percent have none), on a gateway where it can be revoked.
	d, err := demo.Start(ctx, demo.Config{
		Data: data, Site: s.ui, Serve: serve, Others: unlisted(0), Log: log,
		Warn: func(err error) { p.say("revoker: %v", err) },
	})
	if err != nil {
		return err
	}
	defer d.Close()
	return p.showDemo(ctx, s, d, data)
}

// showDemo requests everything, waits until it has ended, and shows the outcomes. With --keep it then
// waits for Ctrl-C, which is the demo's end and no error; before that Ctrl-C is one, exit code 1.
func (p *program) showDemo(ctx context.Context, s demoSettings, d *demo.Demo, data demo.Data) error {
	newScreen(p.stdout).say("Revoking %d cash receipts through a simulated PortOne that fails in every way.\n"+
		"To watch: %s\n\n", data.Payments(), d.Site())
	if err := d.Enqueue(ctx); err != nil {
		return err
	}
	outcomes := p.watchDemo(ctx, s, d.Queue, data.ImpUIDs())
	if ctx.Err() != nil {
		return errors.New("the demo was stopped before its end")
	}
	p.showOutcomes(outcomes)
	if err := p.showTruth(d.PortOne, outcomes); err != nil {
		return err
	}
	p.showNext(d, data.ImpUIDs()[0], s.keep)
	if s.keep {
		<-ctx.Done()
	}
	return nil
}

// watchDemo shows the progress until everything has ended, and returns the outcomes in the order in
// which they ended. It returns fewer if ctx ends. awaited are the imp_uids, and of the task that
// cannot be read its dead letter's name.
func (p *program) watchDemo(
	ctx context.Context, s demoSettings, queue *enqueue.Client, awaited []string,
) []outcome.Outcome {
	var ended []outcome.Outcome
	progress, dead := newProgress(p.stderr, len(awaited)), 0
	// A bar would be drawn over the lines of the log. Without it a line of text comes every five seconds.
	if s.verbose {
		progress.bar = nil
	}
	for o, err := range queue.WaitMany(ctx, awaited) {
		if err != nil {
			progress.warn(err)
			continue
		}
		ended = append(ended, o)
		if o.Status == outcome.Dead {
			dead++
		}
		progress.show(len(ended), len(awaited), fmt.Sprintf("%d revoked, %d dead", len(ended)-dead, dead))
	}
	progress.end()
	return ended
}

// readRevocations returns what a person's own list requests, each imp_uid once, and says which
// lines cannot be used. It does not take over apply_num and tier: the simulated receipts have
// numbers of their own, so that a real apply_num would end every line as reissued. A list without a
// line that can be used is an error.
func (p *program) readRevocations(file string) ([]tasks.Revocation, error) {
	var listed []tasks.Revocation
	seen := make(map[string]bool)
	err := p.eachRow(file, func(row list.Row) {
		if !seen[row.ImpUID] {
			seen[row.ImpUID] = true
			listed = append(listed, tasks.Revocation{ImpUID: row.ImpUID, PG: row.PG})
		}
	}, func(bad *list.LineError) { p.say("revoker: %v", bad) })
	if err == nil && len(listed) == 0 {
		err = fmt.Errorf("%s: no line can be used", file)
	}
	return listed, err
}
