// Package contender runs those who are measured, each as a process of this same program: revoker's
// worker, and Asynq's server with the barest handler that makes the same calls. A process of its own
// has a CPU time of its own, and can be killed.
package contender

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// childEnv is set for a process that is to work rather than to measure. See [Serve], which main and
// TestMain call first.
const childEnv = "RECEIPTREVOKER_BENCH_CHILD"

// stopTimeout bounds how long a contender that has nothing left to do may take to stop.
const stopTimeout = 20 * time.Second

// Process is a contender at work. It works until its standard input ends. The kernel ends that with the
// process that started it, however that one died, so that no contender outlives a measurement.
type Process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	exited chan struct{}
	err    error // of its end; to be read after exited
}

// Start starts a process for j, which is killed when ctx ends. The caller kills it when done with it.
func Start(ctx context.Context, j Job) (*Process, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start a contender: %w", err)
	}
	cmd := exec.CommandContext(ctx, path)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	p, err := Run(cmd)
	if err != nil {
		return nil, err
	}
	// The job goes by standard input and not by arguments: it is a structure, and the list of processes
	// would show the token.
	if err := json.NewEncoder(p.stdin).Encode(j); err != nil {
		p.Kill()
		return nil, fmt.Errorf("tell the contender what to do: %w", err)
	}
	return p, nil
}

// Run starts a program that works until its standard input ends. What it writes to standard error is
// shown, and its output is dropped. The caller kills it when done with it.
func Run(cmd *exec.Cmd) (*Process, error) {
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("start a contender: %w", err)
	}
	// Wait is called once, here, so that Ended, Stop and Kill can all be asked, in any order and at the
	// same time.
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// PID returns the process's ID.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// clockTick is the unit of times in /proc, whatever the kernel's own is: USER_HZ, which is 100 a
// second.
const clockTick = time.Second / 100

// CPU returns the CPU time that the process has used so far, its own and the kernel's, in steps of 10
// ms. Only Linux tells it.
func (p *Process) CPU() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		return 0, fmt.Errorf("read the CPU time of a contender: %w", err)
	}
	// The second field is the program's name in brackets, which may hold blanks: counting begins behind
	// it.
	_, rest, _ := strings.Cut(string(text), ") ")
	var ticks time.Duration
	for i, field := range strings.Fields(rest) {
		// These are utime and stime, the fields 14 and 15 of proc_pid_stat(5), counted from the third
		// as 0.
		if i == 11 || i == 12 {
			n, err := strconv.Atoi(field)
			if err != nil {
				return 0, fmt.Errorf("read the CPU time of a contender: %w", err)
			}
			ticks += time.Duration(n)
		}
	}
	return ticks * clockTick, nil
}

// Ended returns an error once the process has ended, for whatever reason, and nil before. A loop that
// waits for its work asks it, or it would wait for ever.
func (p *Process) Ended() error {
	select {
	case <-p.exited:
		return fmt.Errorf("a contender ended too early: %s", p.cmd.ProcessState)
	default:
		return nil
	}
}

// Stop ends the process in good order and returns the CPU time it has used in its life, its own and the
// kernel's. One that does not stop in time is killed, and one that failed returns its exit status as an
// error.
func (p *Process) Stop() (time.Duration, error) {
	_ = p.stdin.Close()
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		p.Kill()
		return 0, fmt.Errorf("a contender did not stop within %v", stopTimeout)
	}
	if p.err != nil {
		return 0, fmt.Errorf("a contender failed: %w", p.err)
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime(), nil
}

// Kill ends the process at once and returns when it is gone. It does nothing to one that has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}
