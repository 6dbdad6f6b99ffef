package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"receiptrevoker/bench/internal/contender"
	"receiptrevoker/bench/internal/portone"
	"receiptrevoker/bench/internal/postgres"
	"receiptrevoker/bench/internal/program"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// riverProgram is the path of the program in bench/river once it is built.
type riverProgram string

// river builds the program in bench/river, a module of its own. It returns
// [postgres.ErrNotInstalled] where the program could not run, so that nothing is built or
// downloaded for it.
func (b *bench) river(ctx context.Context) (riverProgram, error) {
	if _, err := postgres.Installed(); err != nil {
		return "", err
	}
	root, err := program.Root(ctx)
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.temp, "river")
	// -C makes go read that module's go.mod, from whatever directory the benchmark is run.
	build := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, "bench", "river"), "-o", path, ".")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build bench/river: %w: %s", err, out)
	}
	return riverProgram(path), nil
}

// carryOut does with River what [load.carryOut] does with the others, in the same order: store all
// jobs, start a process, wait until PortOne has revoked all receipts, stop the process.
func (program riverProgram) carryOut(
	ctx context.Context, revocations int, latency time.Duration,
) (took spent, err error) {
	ctx, cancel := bounded(ctx, revocations)
	defer cancel()
	api, err := portone.Start(iamporttest.Config{
		// The program obtains no token: it is given one that outlives the run.
		Latency: iamporttest.Latency{Median: latency}, TokenLifetime: 24 * time.Hour,
	})
	if err != nil {
		return took, err
	}
	defer api.Close()
	token, err := api.Token()
	if err != nil {
		return took, err
	}
	api.Ask(api.IssueMany(gateway, revocations)...)
	server, err := postgres.Start(ctx)
	if err != nil {
		return took, err
	}
	defer server.Stop()
	run := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, string(program), args...)
		cmd.Env = append(os.Environ(), "DATABASE_URL="+server.URL)
		return cmd
	}
	if out, err := run("insert", "-n", fmt.Sprint(revocations)).CombinedOutput(); err != nil {
		return took, fmt.Errorf("river insert: %w: %s", err, out)
	}
	// Storing the jobs is over by now, so that the time of Postgres is that of the work alone.
	before, err := server.CPU()
	if err != nil {
		return took, err
	}
	process, err := contender.Run(run("work", "-url", api.URL, "-token", token, "-slots", fmt.Sprint(speedSlots)))
	if err != nil {
		return took, err
	}
	defer process.Kill()
	// If the process has ended, PortOne gets no more calls, and this loop would run until its
	// deadline.
	for len(api.Those(portone.Seen.Open)) > 0 {
		if err := process.Ended(); err != nil {
			return took, err
		}
		if err := wait.For(ctx, scene.Every); err != nil {
			return took, err
		}
	}
	// Stop waits until River has completed what it carried out, so that the writing of outcomes is
	// in both CPU times.
	if took.cpu, err = process.Stop(); err != nil {
		return took, err
	}
	after, err := server.CPU()
	took.store, took.time = after-before, span(api)
	return took, err
}
