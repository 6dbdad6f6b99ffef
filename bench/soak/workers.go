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
	// againAfter is how soon a worker that ended by itself is started again: one that cannot start
	// must not be started all the time.
	againAfter = time.Second
	// stopTimeout bounds how long a worker may take to stop in good order: two calls of two seconds
	// and ten seconds more, see deploy/REFERENCE.md.
	stopTimeout = 30 * time.Second
	// lastWords is how many lines are shown of the log of one that ended by itself.
	lastWords = 15
)

// workers are the processes that carry revocations out. Each has a number, which its successors
// take over with the log: running[i] is the life that worker i leads now. crashes are messages for
// the report. watches are the goroutines that wait for processes.
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

// process is one life of a worker. exited is closed when it has ended and was waited for.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
	meant  bool // that it ends; guarded by the workers' lock
}

// start starts all of them.
func (w *workers) start(count int) error {
	w.running = make([]*process, count)
	for i := range w.running {
		if err := w.startOne(i, nil); err != nil {
			return err
		}
	}
	return nil
}

// startOne starts the worker with the given number, which continues its log. It does nothing if the
// process before has a successor already, as where a worker was killed while [workers.watch] waited
// to start it again.
func (w *workers) startOne(number int, before *process) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped || w.running[number] != before {
		return nil
	}
	// Appended to, so that the lives of a worker follow each other in one file.
	log, err := os.OpenFile(w.log(number), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	// The process has a file descriptor of its own.
	defer log.Close()
	p := &process{cmd: exec.Command(w.program, "work"), exited: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = w.dir, w.env, log, log
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start worker %d: %w", number, err)
	}
	w.running[number] = p
	w.watches.Go(func() { w.watch(number, p) })
	return nil
}

func (w *workers) log(number int) string {
	return filepath.Join(w.dir, fmt.Sprintf("worker-%d.log", number))
}

// watch notes the unintended end of a process, and starts another. Each process has one goroutine
// that waits for it.
func (w *workers) watch(number int, p *process) {
	_ = p.cmd.Wait()
	close(p.exited)
	w.mu.Lock()
	// An end that was meant is no crash: a kill of the plan, or the end of the run.
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

// note remembers that a worker did what it should not. The report lists it, and the proof has
// failed.
func (w *workers) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.crashes = append(w.crashes, fmt.Sprintf(format, args...))
}

// tail returns the last lines of a worker's log.
func (w *workers) tail(number int) [][]byte {
	// A log that cannot be read is shown as an empty one.
	text, _ := os.ReadFile(w.log(number))
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return lines[max(len(lines)-lastWords, 0):]
}

// kill ends a worker with SIGKILL and starts it again at once. The end is marked as meant before:
// [workers.watch] sees it at once.
func (w *workers) kill(number int) error {
	w.mu.Lock()
	p := w.running[number]
	p.meant = true
	w.mu.Unlock()
	_ = p.cmd.Process.Kill()
	<-p.exited
	return w.startOne(number, p)
}

// freeze stops a worker where it stands, as a machine that is short of memory does, until the
// returned function is called or it is killed. Its leases run out meanwhile, and it does not know
// when it continues.
func (w *workers) freeze(number int) (thaw func()) {
	w.mu.Lock()
	p := w.running[number]
	w.mu.Unlock()
	_ = p.cmd.Process.Signal(syscall.SIGSTOP)
	return func() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }
}

// stop ends all of them in good order, and notes which did not.
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

// close ends those that still run, at once, and returns when all are gone.
func (w *workers) close() {
	w.end(syscall.SIGKILL)
	w.watches.Wait()
}

// end sends a signal to all of them, and none is started again.
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
