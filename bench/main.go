// Bench measures how soon an idle worker calls for a revocation, how much of
// the time its slots are busy, and what a revocation costs in CPU time beside
// the barest handler that makes the same call; how fast a list comes into Redis
// beside a loop of Asynq's client and beside what redis-benchmark can; how the
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
	"slices"
	"strings"
	"syscall"
	"time"

	"receiptrevoker/bench/internal/benchredis"
)

func main() {
	if os.Getenv(childEnv) != "" {
		exit(serve(os.Stdin))
	}
	s, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err = run(ctx, s, os.Stdout)
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// settings are what is measured, and on how much.
type settings struct {
	runs    int           // of each measurement
	only    string        // the name of the one measurement that is made; empty for those that are not large
	all     bool          // also make those that are large
	output  string        // a file that the table is written to as well
	profile string        // a file for the CPU profile of the worker, or of fanout
	samples int           // of a run of the measurement pickup
	small   int           // revocations of the small run of the measurement cpu
	large   int           // revocations of its large run, and of throughput
	lines   int           // of the list of fanout
	huge    int           // lines of the list of the measurement million
	down    time.Duration // how long the gateway is down in the measurement outage
	// contenders are the keys of those that outage is made with, and cases the
	// names of the parts of mixed that are made.
	contenders, cases choice
	seeds             int           // each part of mixed is made with the seeds 1 to seeds
	watch             time.Duration // how long mixed counts calls for receipts that fail; 0 for not at all
	sizes             mixedSizes
	log               io.Writer // is told how far it has come
}

// parse returns the settings that the arguments ask for, or an error that has
// been written to log.
func parse(args []string, log io.Writer) (settings, error) {
	s := settings{log: log, sizes: defaultSizes}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(log)
	f.IntVar(&s.runs, "runs", 5, "how often each measurement is made")
	f.StringVar(&s.only, "only", "", "make this measurement alone: `"+strings.Join(names(), "|")+"`")
	f.BoolVar(&s.all, "all", false, "make also the measurements million, which takes a gigabyte of memory, and "+
		"mixed, which takes half an hour")
	f.StringVar(&s.output, "o", "", "write the table to this `file` as well")
	f.StringVar(&s.profile, "cpuprofile", "",
		"write a CPU profile of the worker in the last run to this `file`, for cpu one of the bare handler to FILE.bare, "+
			"and for fanout one of asking for the batch on loopback")
	f.IntVar(&s.samples, "samples", 200, "revocations of a run of pickup")
	f.IntVar(&s.small, "small", 1_000, "revocations of the small run of cpu, which is subtracted from the large one")
	f.IntVar(&s.large, "n", 10_000, "revocations of the large run of cpu, and of a run of throughput")
	f.IntVar(&s.lines, "lines", 100_000, "lines of the list of fanout, whose loop enqueues fewer")
	f.IntVar(&s.huge, "million", 1_000_000, "lines of the list of million")
	f.DurationVar(&s.down, "down", time.Minute,
		"how long the gateway is down in outage, which is made once whatever -runs says")
	s.flagParts(f)
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if err := s.validate(f.Args()); err != nil {
		fmt.Fprintln(log, err)
		f.Usage()
		return s, err
	}
	return s, nil
}

// flagParts defines the flags of outage and mixed that make a run shorter or
// longer.
func (s *settings) flagParts(f *flag.FlagSet) {
	s.contenders.flag(f, "contenders", contenderKeys(), "who works through outage")
	s.cases.flag(f, "case", mixedNames(), "what mixed measures")
	f.IntVar(&s.seeds, "seeds", 1, "each part of mixed is made with the seeds 1 to this `number`")
	f.DurationVar(&s.watch, "watch", 0,
		"for how long mixed counts the calls for receipts that fail, for which 15m tells most (default not at all)")
}

func (s settings) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.runs < 1 || s.samples < 1:
		return fmt.Errorf("-runs %d and -samples %d must be at least 1", s.runs, s.samples)
	case s.small < 1 || s.large <= s.small:
		return fmt.Errorf("-small %d must be at least 1, and -n %d above it", s.small, s.large)
	case s.lines < 1 || s.huge < 1:
		return fmt.Errorf("-lines %d and -million %d must be at least 1", s.lines, s.huge)
	case s.seeds < 1 || s.watch < 0:
		return fmt.Errorf("-seeds %d must be at least 1, and -watch %v not negative", s.seeds, s.watch)
	case s.down < time.Second:
		return fmt.Errorf("-down %v must be at least 1s", s.down)
	case s.only != "" && s.all:
		return errors.New("-only and -all contradict each other")
	case s.only != "" && !slices.Contains(names(), s.only):
		return fmt.Errorf("-only %q must be one of %s", s.only, strings.Join(names(), ", "))
	}
	return nil
}

// names returns what the measurements are called.
func names() (names []string) {
	for _, m := range measurements() {
		names = append(names, m.name)
	}
	return names
}

// wants reports whether a measurement is to be made.
func (s settings) wants(m measurement) bool {
	if s.only != "" {
		return s.only == m.name
	}
	return s.all || !m.large
}

// notes returns what is to be said before the table.
func (s settings) notes() (text string) {
	for _, m := range measurements() {
		if m.note != "" && s.wants(m) {
			text += m.note + "\n\n"
		}
	}
	return text
}

// run measures, and writes the table to stdout and where else it is wanted.
func run(ctx context.Context, s settings, stdout io.Writer) error {
	server, err := benchredis.Start(ctx, "", benchredis.InMemory...)
	if err != nil {
		return err
	}
	defer server.Stop()
	b := &bench{settings: s, redis: server}
	rows, err := b.measure(ctx)
	if err != nil {
		return err
	}
	report := s.notes() + table(machine(server.Version, time.Now()), rows)
	if s.output != "" {
		if err := os.WriteFile(s.output, []byte(report), 0o644); err != nil {
			return err
		}
	}
	_, err = io.WriteString(stdout, report)
	return err
}
