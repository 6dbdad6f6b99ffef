package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/bench/internal/program"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const (
	millionBatch = "million" // the name of its batch
	// lookEvery is how often the batch's figures are read, which makes about
	// 200 times on a list of a million lines.
	lookEvery = 40 * time.Millisecond
)

// million measures what the program revoker needs to take in a large list: its rate and its memory, how
// soon the batch's figures can be read meanwhile, and what a queued line takes in Redis. The program
// runs as a process of its own, as its users run it: what counts for them is the memory of the whole.
func (b *bench) million(ctx context.Context) error {
	revoker, list, err := b.revoker(ctx, b.huge)
	if err != nil {
		return err
	}
	return b.each("million", b.runs, func(uint64) error {
		if err := b.redis.Empty(ctx); err != nil {
			return err
		}
		// First the program's own run, and then the same lines recorded once more without tasks,
		// for Redis' memory.
		found, err := b.bulk(ctx, revoker, list, b.huge)
		if err != nil {
			return err
		}
		bytes, err := b.queuedMemory(ctx)
		if err != nil {
			return err
		}
		// Other systems than Linux do not tell the peak, so that 0 is no failure there.
		if len(found.reads) == 0 || found.peak == 0 && runtime.GOOS == "linux" {
			return fmt.Errorf("the run is void: %d reads, peak memory %d", len(found.reads), found.peak)
		}
		// Quantiles need sorted values.
		slices.Sort(found.reads)
		b.say("million: the figures were read %d times", len(found.reads))
		b.table.figure(fmt.Sprintf("million: revoker bulk on %d lines", b.huge), "", "%.0f/s").
			add(float64(b.huge) / found.time.Seconds())
		if found.peak > 0 {
			b.table.figure("million: its peak resident memory", "< 100 MB", "%.0f MB").add(float64(found.peak) / 1e6)
		}
		const reading = "million: reading the batch's figures meanwhile, "
		b.table.figure(reading+"median", "< 10 ms", "%.1f ms").add(quantile(found.reads, 0.5))
		b.table.figure(reading+"longest", "< 10 ms", "%.1f ms").add(quantile(found.reads, 1))
		const memory = "million: memory in Redis for each line that is queued, besides Asynq's task"
		b.table.figure(memory, "≤ 450 bytes", "%.0f bytes").add(float64(bytes) / float64(b.huge))
		// fanout uses the same Redis: a million requests left in it would be measured there.
		return b.redis.Empty(ctx)
	})
}

// bulkRun is what was seen of one run of `revoker bulk`.
type bulkRun struct {
	time  time.Duration // from its start to its end
	peak  int64         // of its resident memory, in bytes; 0 where the system does not tell
	reads []float64     // how long reading the figures took, in milliseconds
}

// revoker builds the program, writes a list of so many lines, and returns where both are.
func (b *bench) revoker(ctx context.Context, lines int) (path, list string, err error) {
	if path, err = program.Build(ctx, b.temp); err != nil {
		return "", "", err
	}
	list = filepath.Join(b.temp, fmt.Sprintf("list-%d.csv", lines))
	return path, list, writeList(list, lines)
}

// bulk runs `revoker bulk` on a list of so many lines and looks on. It returns an error unless all of
// them are queued.
func (b *bench) bulk(ctx context.Context, revoker, list string, lines int) (bulkRun, error) {
	var said strings.Builder
	cmd := exec.CommandContext(ctx, revoker, "bulk", list, "--batch", millionBatch)
	cmd.Env = append(os.Environ(), "REDIS_URL=redis://"+b.redis.Addr+"/0")
	cmd.Stderr = &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return bulkRun{}, err
	}
	// The channel has room for the end, so that the goroutine is not left behind after an early
	// return.
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	found, err := b.lookOn(ctx, cmd.Process.Pid, ended)
	found.time = time.Since(began)
	if err != nil {
		return found, fmt.Errorf("revoker bulk: %w: %s", err, strings.TrimSpace(said.String()))
	}
	batch, err := outcome.NewStore(b.redis.Client, outcome.Config{}).Batch(ctx, millionBatch)
	if err != nil {
		return found, err
	}
	if batch.Queued != lines || !batch.Complete {
		return found, fmt.Errorf("the run is void: %+v", batch)
	}
	return found, b.checkPending(ctx, lines)
}

// lookOn reads the batch's figures, as a person does with `batch show`, and the memory of the process
// that makes it, until that has ended. An error of reading is returned after the end, so that the
// process is not left behind.
func (b *bench) lookOn(ctx context.Context, pid int, ended <-chan error) (bulkRun, error) {
	outcomes := outcome.NewStore(b.redis.Client, outcome.Config{})
	var found bulkRun
	var failure error
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	for {
		select {
		case err := <-ended:
			return found, errors.Join(err, failure)
		case <-ticks.C:
		}
		// The process may be gone between a tick and the reading of its memory. The last value that was
		// read counts.
		if peak, err := peakMemory(pid); err == nil {
			found.peak = peak
		}
		began := time.Now()
		_, err := outcomes.Batch(ctx, millionBatch)
		switch {
		case err == nil:
			found.reads = append(found.reads, milliseconds(time.Since(began)))
		// There is no batch before the program has recorded the first lines of the list.
		case !errors.Is(err, outcome.ErrNoBatch):
			failure = err
		}
	}
}

// queuedMemory returns how many bytes of Redis' memory the list takes once its requests are recorded,
// and before any task is enqueued. Asynq's tasks are left out, since a list that is enqueued without a
// batch has them, too. It records the lines by itself: no command of the program stops between the two
// steps.
func (b *bench) queuedMemory(ctx context.Context) (int64, error) {
	if err := b.redis.Empty(ctx); err != nil {
		return 0, err
	}
	before, err := b.redis.Memory(ctx)
	if err != nil {
		return 0, err
	}
	outcomes := outcome.NewStore(b.redis.Client, outcome.Config{})
	const chunk = 1_000
	for first := 1; first <= b.huge; first += chunk {
		lines := min(chunk, b.huge-first+1)
		rows, requests := make([]outcome.Row, lines), make([]tasks.Revocation, lines)
		for i := range lines {
			// The number of a line stands in for the digest of its text: it takes as many bytes.
			binary.BigEndian.PutUint32(rows[i].Digest[:], uint32(first+i))
			requests[i] = tasks.Revocation{ImpUID: impUID(first + i), PG: gateway, Batch: millionBatch, Row: first + i}
		}
		if _, err := outcomes.AskRows(ctx, millionBatch, "bench", first, rows, requests); err != nil {
			return 0, err
		}
	}
	batch, err := outcomes.Batch(ctx, millionBatch)
	if err != nil {
		return 0, err
	}
	if batch.Queued != b.huge {
		return 0, fmt.Errorf("the run is void: %d lines are recorded, not %d", batch.Queued, b.huge)
	}
	after, err := b.redis.Memory(ctx)
	return after - before, err
}

// writeList writes a list of as many lines to a file, with the columns that `revoker bulk` finds by
// their names. All lines are of one gateway, and none repeats another.
func writeList(name string, lines int) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "imp_uid,pg")
	for i := range lines {
		fmt.Fprintf(w, "%s,%s\n", impUID(i), gateway)
	}
	return errors.Join(w.Flush(), file.Close())
}

// peakMemory returns the most memory that a process has had resident so far, in bytes. Only Linux tells
// it: VmHWM, the "high water mark", in /proc/<pid>/status, see proc_pid_status(5).
func peakMemory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return parsePeak(string(status))
}

// parsePeak finds the peak in the kernel's description of a process, where it stands in units of 1,024
// bytes that are called kB, as in "VmHWM: 92164 kB".
func parsePeak(status string) (int64, error) {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("no VmHWM in the status of the process")
}
