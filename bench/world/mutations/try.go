package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// finding is what the seeds showed of a mutation.
type finding struct {
	seed  uint64 // that failed; 0 for none
	what  string // the invariant that it broke, in the simulation's words
	again int    // how many reruns of that seed failed, too
}

// try runs seeds with a mutation until one fails, and that one again. It returns an error if that
// seed fails with the product as it is, too: then the simulation is wrong about the product, and
// detects nothing.
func (s settings) try(ctx context.Context, root, product string, m mutation) (finding, error) {
	dir, err := os.MkdirTemp("", "mutation-*")
	if err != nil {
		return finding{}, err
	}
	defer os.RemoveAll(dir)
	mutated, err := build(ctx, root, dir, m)
	if err != nil {
		return finding{}, err
	}
	found, err := s.simulate(ctx, root, mutated, s.first, s.seeds)
	// Runs of one seed differ, so that a seed which failed may pass: how often it fails again says
	// how well it can be repeated.
	for i := 0; i < s.rerun && err == nil && found.seed != 0; i++ {
		var same finding
		if same, err = s.simulate(ctx, root, mutated, found.seed, 1); same.seed != 0 {
			found.again++
		}
	}
	if err != nil || found.seed == 0 {
		return found, err
	}
	// The same seed must pass with the product as it is: otherwise the simulation found something
	// else than the mutation.
	sound, err := s.simulate(ctx, root, product, found.seed, 1)
	if err == nil && sound.seed != 0 {
		err = fmt.Errorf("seed %d fails without it, too: %s", sound.seed, sound.what)
	}
	return found, err
}

// build builds the simulation with mutations, or none, and returns the name of the program: the
// test binary of bench/world.
func build(ctx context.Context, root, dir string, mutations ...mutation) (string, error) {
	replaced, err := overlay(root, dir, mutations...)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, fmt.Sprintf("world-%d.test", len(mutations)))
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", replaced, "-o", binary, "./bench/world")
	cmd.Dir = root
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, text)
	}
	return binary, nil
}

// simulate runs so many seeds from the first on until one fails. A seed that fails is no error; a
// program that ends in another way, for instance by a wrong flag, is.
func (s settings) simulate(ctx context.Context, root, binary string, first uint64, count int) (finding, error) {
	cmd := exec.CommandContext(ctx, binary, "-test.run=^TestUntilFailure$", "-test.timeout=0", "-world.until-failure",
		fmt.Sprint("-world.seed=", first), fmt.Sprint("-world.seeds=", count), fmt.Sprint("-world.span=", s.span))
	cmd.Dir = filepath.Join(root, "bench", "world")
	output, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return finding{}, nil
	case ctx.Err() != nil:
		return finding{}, context.Cause(ctx)
	}
	// The program has failed. If that was not by a seed, its output says what was wrong.
	found := read(string(output))
	if found.seed == 0 {
		return found, errors.Join(err, errors.New(string(output)))
	}
	return found, nil
}

// read returns which seed failed, by what a simulation wrote: a line "began 7" and "ended 7" for
// each seed, and "failed 7 imp_…" for one that broke an invariant. One that panicked, or in which
// all goroutines wait for ever, has failed with the first seed that had not ended.
func read(output string) finding {
	var running []uint64
	var panicked string
	for line := range strings.Lines(output) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var seed uint64
		_, err := fmt.Sscan(rest, &seed)
		switch {
		case err == nil && word == "began":
			running = append(running, seed)
		case err == nil && word == "ended":
			running = slices.DeleteFunc(running, func(other uint64) bool { return other == seed })
		case err == nil && word == "failed":
			_, what, _ := strings.Cut(rest, " ")
			return finding{seed: seed, what: what}
		case word == "panic:" || word == "fatal":
			panicked = cmp.Or(panicked, word+" "+rest)
		}
	}
	if panicked == "" || len(running) == 0 {
		return finding{}
	}
	return finding{seed: slices.Min(running), what: panicked}
}
