// Mutations proves that the simulation of bench/world can fail. It puts known faults
// back, each in a copy of one file that go build is given in its place, and tells which
// of them the simulation detects, by which seed, and how. Nothing of it is in the
// product. It exits 1 if fewer than nine of ten are detected, 2 for a wrong flag.
//
// All of them take about an hour; `make mutations MUTATIONS='-only NAME -seeds 40 -span 3m'` tries
// one in a few minutes. It needs the Go toolchain, and runs within the module.
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
	"time"

	"receiptrevoker/bench/internal/program"
)

func main() {
	s, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err = run(ctx, s, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutations:", err)
		os.Exit(1)
	}
}

// settings are what is run. Seeds count from first on, the same ones for every mutation.
type settings struct {
	first  uint64        // seed
	seeds  int           // of each mutation
	rerun  int           // how often a seed that failed is run again
	span   time.Duration // in which the faults of a seed begin
	chosen []mutation
}

// parse returns the settings that the arguments ask for, or an error that has been
// written to log. -only with an unknown name is an error that lists all names.
func parse(args []string, log io.Writer) (settings, error) {
	var s settings
	f := flag.NewFlagSet("mutations", flag.ContinueOnError)
	f.SetOutput(log)
	f.Uint64Var(&s.first, "seed", 1, "the first `seed`")
	f.IntVar(&s.seeds, "seeds", 500, "how many seeds a mutation has to survive to pass undetected")
	f.IntVar(&s.rerun, "rerun", 0, "how often the seed that failed is run again, to see whether it fails again")
	f.DurationVar(&s.span, "span", 10*time.Minute, "virtual `time` in which the faults of a seed begin")
	only := f.String("only", "", "`name` of the only mutation to try")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	s.chosen = slices.Concat(ofInvariants, ofFaults)
	var names []string
	if *only != "" {
		s.chosen = slices.DeleteFunc(s.chosen, func(m mutation) bool {
			names = append(names, m.name)
			return m.name != *only
		})
	}
	err := s.validate(f.Args())
	if len(s.chosen) == 0 {
		err = fmt.Errorf("-only %q is none of the mutations: %s", *only, strings.Join(names, ", "))
	}
	if err != nil {
		fmt.Fprintln(log, err)
		return s, err
	}
	return s, nil
}

// validate returns an error that names a flag and its value. A seed of 0 is refused, since it means
// that no seed failed, see [finding].
func (s settings) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case s.first < 1 || s.seeds < 1 || s.rerun < 0:
		return fmt.Errorf("-seed %d -seeds %d -rerun %d: there is at least one seed, from 1, and no negative count",
			s.first, s.seeds, s.rerun)
	case s.span < time.Second || s.span > 7*24*time.Hour: // as of the seeds
		return fmt.Errorf("-span %v: it must be from 1 s to 7 days", s.span)
	}
	return nil
}

// run tries the mutations one after the other and writes a row for each as soon as it is known. It
// returns an error if one cannot be tried, or too few are detected.
func run(ctx context.Context, s settings, out io.Writer) error {
	root, err := program.Root(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutations-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// The product as it is, once for all: a seed that fails with it too has detected nothing.
	product, err := build(ctx, root, dir)
	if err != nil {
		return err
	}
	detected := 0
	for _, m := range s.chosen {
		began := time.Now()
		found, err := s.try(ctx, root, product, m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if found.seed != 0 {
			detected++
		}
		took := time.Since(began).Round(time.Second)
		fmt.Fprintf(out, "%-28s %s\n%29s%s (%v)\n", m.name, m.breaks, "", found.describe(s), took)
	}
	fmt.Fprintf(out, "\n%d of %d mutations were detected within %d seeds\n", detected, len(s.chosen), s.seeds)
	if 10*detected < 9*len(s.chosen) {
		return errors.New("fewer than nine of ten: an invariant or a fault is missing in bench/world")
	}
	return nil
}

// describe says in a line how a mutation was detected, with the first 150 characters of what failed,
// or that it was not.
func (f finding) describe(s settings) string {
	if f.seed == 0 {
		return fmt.Sprintf("NOT DETECTED in %d seeds", s.seeds)
	}
	text := fmt.Sprintf("seed %d: %.150s", f.seed, f.what)
	if s.rerun > 0 {
		text += fmt.Sprintf("; failed again in %d of %d reruns", f.again, s.rerun)
	}
	return text
}
