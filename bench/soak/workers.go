package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	// againAfter is how soon a worker that ended by itself is started again.
	againAfter = time.Second
	// stopTimeout bounds how long a worker may take to stop in good order: by REFERENCE.md at most two
	// call timeouts and ten seconds, which are 14 s here.
	stopTimeout = 30 * time.Second
	// lastWords is how many lines are shown of the log of a worker that ended by itself.
	lastWords = 15
)

// workers are the processes that carry revocations out, each with a number from 0. A process that
// ends is followed by another under its number, which appends to the same log. mu guards the fields
// below it; watches are the goroutines that wait for processes.
type workers struct {
	program string // what is built
	env     []string
	dir     string // where they run and where their logs are

	mu      sync.Mutex
	running []*process
	stopped bool
	crashes []string
	watches sync.WaitGroup
}

// process is one life of a worker. exited is closed once the system has reaped it.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
	meant  bool // that it ends; guarded by the workers' lock
}

// start starts so many workers. After an error some of them run: the caller closes all.
func (w *workers) start(count int) error {
	w.running = make([]*process, count)
	for i := range w.running {
		if err := w.startOne(i, nil); err != nil {
			return err
		}
	}
	return nil
}

// startOne starts the worker with the given number, which continues its log,
// unless the process before has a successor already, or all are stopped: a worker that ends by
// itself as it is killed would get two successors.
func (w *workers) startOne(number int, before *process) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || w.running[number] != before {
		return nil
	}
	log, err := os.OpenFile(w.log(number), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	p := &process{cmd: exec.Command(w.program, "work"), exited: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = w.dir, log, log
	// The report has its own times and those of outcomes in UTC, beside lines of the logs.
	p.cmd.Env = append(slices.Clip(w.env), "TZ=UTC")
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start worker %d: %w", number, err)
	}
	w.running[number] = p
	w.watches.Go(func() { w.watch(number, p) })
	return nil
}

// log returns the name of a worker's log, of all its lives.
func (w *workers) log(number int) string {
	return filepath.Join(w.dir, fmt.Sprintf("worker-%d.log", number))
}

// watch waits for the end of a process. One that was not meant is noted, with the last lines of
// its log, and another process is started: the run continues, and fails in its report.
func (w *workers) watch(number int, p *process) {
	_ = p.cmd.Wait()
	close(p.exited)
	w.mu.Lock()
	if p.meant || w.stopped {
		w.mu.Unlock()
		return
	}
	w.mu.Unlock()
	w.note("worker %d ended by itself, %s:\n%s", number, p.cmd.ProcessState, bytes.Join(w.tail(number), []byte("\n")))
	time.Sleep(againAfter) // one that cannot start must not be started all the time
	if err := w.startOne(number, p); err != nil {
		w.note("%v", err)
	}
}

// note remembers that a worker did what it should not, for the report.
func (w *workers) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.crashes = append(w.crashes, fmt.Sprintf(format, args...))
}

// tail returns the last lines of a worker's log, fewer if it is short or cannot be read.
func (w *workers) tail(number int) [][]byte {
	text, _ := os.ReadFile(w.log(number)) // what cannot be read is not shown
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return lines[max(len(lines)-lastWords, 0):]
}

// kill ends a worker with SIGKILL and starts it again at once, after the system has reaped the old
// process. The error is that of the start: a process that had ended already is no error.
func (w *workers) kill(number int) error {
	w.mu.Lock()
	p := w.running[number]
	p.meant = true
	w.mu.Unlock()
	_ = p.cmd.Process.Kill()
	<-p.exited
	return w.startOne(number, p)
}

// freeze stops a worker where it stands, as a machine that is short of memory
// does, until the returned function is called or it is killed. The function is for that process
// alone: a successor is not frozen, and a signal to a process that has ended does nothing.
func (w *workers) freeze(number int) (thaw func()) {
	w.mu.Lock()
	p := w.running[number]
	w.mu.Unlock()
	_ = p.cmd.Process.Signal(syscall.SIGSTOP)
	return func() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }
}

// stop ends all of them in good order with SIGTERM, and notes which did not within 30 s in all, or
// exited with an error. None is started again.
func (w *workers) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	for number, p := range w.end(syscall.SIGTERM) {
		select {
		case <-p.exited:
			if !p.cmd.ProcessState.Success() {
				w.note("worker %d did not stop in good order: %s", number, p.cmd.ProcessState)
			}
		case <-ctx.Done():
			w.note("worker %d did not stop within %v", number, stopTimeout)
		}
	}
}

// close ends those that still run with SIGKILL, and returns once all have been reaped, so that none
// outlives the run. It may follow stop.
func (w *workers) close() {
	w.end(syscall.SIGKILL)
	w.watches.Wait()
}

// end sends a signal to all of them, and none is started again. It returns them.
func (w *workers) end(signal os.Signal) []*process {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, p := range w.running {
		if p != nil {
			_ = p.cmd.Process.Signal(signal)
		}
	}
	return slices.DeleteFunc(slices.Clone(w.running), func(p *process) bool { return p == nil })
}
