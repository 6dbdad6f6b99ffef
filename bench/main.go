// Bench measures how soon an idle worker calls for a revocation, how much of
// the time its slots are busy, and what a revocation costs in CPU time beside
// the barest handler that makes the same call; how fast a list comes into Redis
// beside Asynq's client and beside the same commands in one go; how the
// gateways fare while one of them is down; and how much receipts that fail
// permanently delay those that do not. It starts everything it needs: a
// redis-server of its own, a simulated PortOne, and a process for each worker. The
// figures mean something only on a machine that does nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/contender"
)

func main() {
	// Each contender is a process of this same program. In such a process Serve does not return.
	contender.Serve()
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2)
	}
	// A terminal that is closed sends SIGHUP. Every way out ends the servers and processes that
	// were started.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err = o.run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what is measured, with how much, and where the table goes.
type options struct {
	settings
	chosen []measurement
	output string // a file that the table is written to as well
}

// parse returns what the arguments ask for. An error has been written to log with the usage by then, so
// that the caller only has to end with exit code 2.
func parse(args []string, log io.Writer) (options, error) {
	// What has no flag here has one value in all measurements that are published.
	o := options{settings: settings{
		log: log, still: 30 * time.Second, quiet: 15 * time.Second, backlog: 2_000, sizes: defaultSizes,
	}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(log)
	only := f.String("only", "", "make these measurements alone, separated by commas: "+allNames()+
		"; outage or mixed for all of theirs")
	all := f.Bool("all", false, "make also the measurements million, which takes a gigabyte of memory, and "+
		"mixed, which takes half an hour")
	f.IntVar(&o.runs, "runs", 5, "how often each measurement is made")
	f.IntVar(&o.seeds, "seeds", 1, "each part of mixed is made with the seeds 1 to this `number` instead")
	f.StringVar(&o.output, "o", "", "write the table to this `file` as well")
	f.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of the worker in the last run of pickup or "+
		"speed to this `file`")
	f.IntVar(&o.samples, "samples", 200, "revocations of a run of pickup")
	f.IntVar(&o.small, "small", 1_000, "revocations of the small run of speed, which is subtracted from the large one")
	f.IntVar(&o.large, "n", 10_000, "revocations of the large run of speed")
	f.IntVar(&o.lines, "lines", 100_000, "lines of the list of fanout, of which some loops enqueue fewer")
	f.IntVar(&o.huge, "million", 1_000_000, "lines of the list of million")
	f.IntVar(&o.most, "most", 100_000, "the most receipts that wait, and outcomes that are stored, in growth: 1000000 "+
		"take 2 GB of memory, and 10000000 take 16 GB")
	f.DurationVar(&o.down, "down", time.Minute,
		"how long the gateway is down in outage, which is made once whatever -runs says")
	f.DurationVar(&o.watch, "watch", 0, "for how long mixed/calls counts the calls for receipts that fail, "+
		"for which 15m tells most (default not at all)")
	err := f.Parse(args)
	if err != nil {
		return o, err
	}
	// -all is all measurements; beside -only it contradicts, and *all stays true for [options.validate]
	// to say so.
	if *all && *only == "" {
		*only, *all = "all", false
	}
	if o.chosen, err = choose(*only); err == nil {
		err = o.validate(f.Args(), *all)
	}
	if err != nil {
		fmt.Fprintln(log, err)
		f.Usage()
	}
	return o, err
}

// validate returns an error for the first value with which no measurement makes sense. contradiction
// says that -all and -only were given both.
func (o options) validate(rest []string, contradiction bool) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case contradiction:
		return errors.New("-only and -all contradict each other")
	case o.runs < 1 || o.samples < 1:
		return fmt.Errorf("-runs %d and -samples %d must be at least 1", o.runs, o.samples)
	// speed subtracts the small run from the large one: their difference is what is divided by.
	case o.small < 1 || o.large <= o.small:
		return fmt.Errorf("-small %d must be at least 1, and -n %d above it", o.small, o.large)
	case o.lines < 1 || o.huge < 1:
		return fmt.Errorf("-lines %d and -million %d must be at least 1", o.lines, o.huge)
	// growth has its first case of stored outcomes at 10,000.
	case o.most < 10_000:
		return fmt.Errorf("-most %d must be at least 10000", o.most)
	case o.seeds < 1 || o.watch < 0:
		return fmt.Errorf("-seeds %d must be at least 1, and -watch %v not negative", o.seeds, o.watch)
	case o.down < time.Second:
		return fmt.Errorf("-down %v must be at least 1s", o.down)
	}
	return nil
}

// run makes the chosen measurements in their order, and writes the table to stdout and to a file if one
// is wanted. The first measurement that fails ends it without a table: half of a comparison would be
// read as the whole.
func (o options) run(ctx context.Context, stdout io.Writer) error {
	server, err := benchredis.Start(ctx, "")
	if err != nil {
		return err
	}
	defer server.Stop()
	temp, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	b := &bench{settings: o.settings, redis: server, temp: temp}
	report := ""
	for _, m := range o.chosen {
		err := m.make(b, ctx)
		// Asynq's errors do not wrap the context's: Ctrl-C would be reported as a Redis that does not
		// answer.
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		// Several measurements share a note, such as all parts of mixed. It is written once.
		if !strings.Contains(report, m.note) {
			report += m.note + "\n\n"
		}
	}
	report += b.table.report(machine(server.Version, time.Now()))
	// The file is written before standard output: a broken pipe must not cost half an hour of
	// measuring.
	if o.output != "" {
		if err := os.WriteFile(o.output, []byte(report), 0o644); err != nil {
			return err
		}
	}
	_, err = io.WriteString(stdout, report)
	return err
}
