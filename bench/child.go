package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// childEnv is set for a process that is to work rather than to measure.
const childEnv = "RECEIPTREVOKER_BENCH_CHILD"

// stopTimeout bounds how long a worker that has nothing left to do may take to
// stop.
const stopTimeout = 20 * time.Second

// child is a process of this same program that works on revocations. It works
// until its standard input ends, and so never outlives this process.
type child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	exited chan struct{}
	err    error // of its end; to be read after exited
}

// startChild starts a process for j, which is killed when ctx ends. The caller
// kills it when done with it.
func startChild(ctx context.Context, j job) (*child, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	c := &child{cmd: exec.CommandContext(ctx, path), exited: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), childEnv+"=1")
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	go func() {
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	if err := json.NewEncoder(c.stdin).Encode(j); err != nil {
		c.kill()
		return nil, fmt.Errorf("tell the worker what to do: %w", err)
	}
	return c, nil
}

// await returns what comes on events, or an error if the child or ctx ends
// before.
func await[T any](ctx context.Context, c *child, events <-chan T) (T, error) {
	select {
	case event := <-events:
		return event, nil
	case <-c.exited:
		var none T
		return none, errors.Join(ctx.Err(), fmt.Errorf("the worker ended too early: %s", c.cmd.ProcessState))
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("the worker did not get there: %w", context.Cause(ctx))
	}
}

// stop ends the child in good order and returns the CPU time it has used in
// its life, its own and the kernel's.
func (c *child) stop() (time.Duration, error) {
	_ = c.stdin.Close()
	select {
	case <-c.exited:
	case <-time.After(stopTimeout):
		c.kill()
		return 0, fmt.Errorf("the worker did not stop within %v", stopTimeout)
	}
	if c.err != nil {
		return 0, fmt.Errorf("the worker failed: %w", c.err)
	}
	return c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime(), nil
}

// kill ends the child at once. It does nothing to one that has ended.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	<-c.exited
}

// children are processes that share the work.
type children []*child

// startChildren starts n processes for j. The caller kills those that are
// returned when done with them, also where there is an error.
func startChildren(ctx context.Context, n int, j job) (started children, err error) {
	for range n {
		c, err := startChild(ctx, j)
		if err != nil {
			return started, err
		}
		started = append(started, c)
	}
	return started, nil
}

func (c children) kill() {
	for _, child := range c {
		child.kill()
	}
}
