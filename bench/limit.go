package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// limit is redis-benchmark at the two commands that a batch is made of, over and over,
// with other random IDs each time: the one that records what a chunk of lines asks for,
// and the one by which Asynq enqueues a task. Redis does one after the other, so that
// their times add up. It makes no tasks, expects nothing of the answers and keeps no
// account of them: who does cannot be faster.
type limit struct {
	enqueue, record command
	chunk           int // lines that are recorded at a time
}

// command is one of them, and in which way redis-benchmark is fastest at it.
type command struct {
	path        string
	addr        string
	args        []string
	connections int
	pipelining  int // commands sent at a time on each connection
}

// errNoBenchmark is matched where no redis-benchmark is installed.
var errNoBenchmark = errors.New("redis-benchmark is not installed, which tells the limit of fan-out; " +
	"Debian has it in redis-tools, on which its redis-server depends")

func (l limit) String() string {
	return fmt.Sprintf("redis-benchmark -c %d -P %d with Asynq's script, and the one that records %d lines",
		l.enqueue.connections, l.enqueue.pipelining, l.chunk)
}

// findLimit tries in which way redis-benchmark is fastest.
func (b *bench) findLimit(ctx context.Context) (limit, error) {
	path, err := exec.LookPath("redis-benchmark")
	if err != nil {
		return limit{}, errNoBenchmark
	}
	record, chunk, err := b.recordCommand(ctx)
	if err != nil {
		return limit{}, err
	}
	enqueue, err := b.enqueueCommand(ctx)
	if err != nil {
		return limit{}, err
	}
	l := limit{chunk: chunk, record: command{path: path, addr: b.redis.Addr, args: record, connections: 2, pipelining: 1}}
	most := 0.0
	for _, connections := range []int{8, 50} {
		for _, pipelining := range []int{16, 50, 100, 250, 500} {
			c := command{path: path, addr: b.redis.Addr, args: enqueue, connections: connections, pipelining: pipelining}
			rate, err := b.enqueueLimit(ctx, c)
			if err != nil {
				return limit{}, err
			}
			b.say("fanout: -c %d -P %d: %.0f/s", connections, pipelining, rate)
			if rate > most {
				l.enqueue, most = c, rate
			}
		}
	}
	return l, nil
}

// fanoutLimit records and enqueues as many lines as a batch has, and returns how many it
// was a second, and how long Redis took to record one chunk.
func (b *bench) fanoutLimit(ctx context.Context, l limit) (rate float64, chunk time.Duration, err error) {
	enqueued, err := b.enqueueLimit(ctx, l.enqueue)
	if err != nil {
		return 0, 0, err
	}
	recorded, chunk, err := b.recordLimit(ctx, l)
	if err != nil {
		return 0, 0, err
	}
	return 1 / (1/enqueued + 1/recorded), chunk, nil
}

// enqueueLimit enqueues as many tasks as a batch does, and returns how many it was a
// second.
func (b *bench) enqueueLimit(ctx context.Context, c command) (float64, error) {
	if err := b.redis.Empty(ctx); err != nil {
		return 0, err
	}
	rate, err := c.run(ctx, b.lines)
	if err != nil {
		return 0, err
	}
	// What its last pipelines hold is sent whole. The same random number twice
	// is rare, and a task once.
	over := c.connections * c.pipelining
	return rate, b.checkPending(ctx, b.lines+over, over+b.lines/100+1)
}

// recordLimit records as many lines as a batch has, and returns how many it was a
// second, and how long Redis took for one chunk.
func (b *bench) recordLimit(ctx context.Context, l limit) (rate float64, chunk time.Duration, err error) {
	if err := b.redis.Empty(ctx); err != nil {
		return 0, 0, err
	}
	if err := b.redis.Client.ConfigResetStat(ctx).Err(); err != nil {
		return 0, 0, err
	}
	chunks := max(b.lines/l.chunk, 1)
	if rate, err = l.record.run(ctx, chunks); err != nil {
		return 0, 0, err
	}
	stats, err := b.redis.Client.InfoMap(ctx, "commandstats").Result()
	if err != nil {
		return 0, 0, err
	}
	if chunk, err = perCall(stats["Commandstats"]["cmdstat_evalsha"]); err != nil {
		return 0, 0, err
	}
	open, err := b.redis.Client.ZCard(ctx, tasks.Key(outcome.DefaultNamespace, "open")).Result()
	if lines := int64(chunks * l.chunk); err == nil && open < lines-lines/100-1 {
		err = fmt.Errorf("the run is void: %d lines are recorded, not %d", open, lines)
	}
	return rate * float64(l.chunk), chunk, err
}

// perCall reads how long a command took on average from what Redis tells of it, such as
// "calls=1,usec=9,usec_per_call=9.00".
func perCall(stats string) (time.Duration, error) {
	_, text, _ := strings.Cut(stats, "usec_per_call=")
	text, _, _ = strings.Cut(text, ",")
	micros, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("redis-server told no time of a call: %q", stats)
	}
	return time.Duration(micros * float64(time.Microsecond)), nil
}

// run carries the command out count times and returns how often it was a second.
func (c command) run(ctx context.Context, count int) (float64, error) {
	host, port, err := net.SplitHostPort(c.addr)
	if err != nil {
		return 0, err
	}
	args := []string{
		"-h", host, "-p", port, "--csv", "-n", strconv.Itoa(count), "-r", strconv.Itoa(randomIDs),
		"-c", strconv.Itoa(c.connections), "-P", strconv.Itoa(c.pipelining),
	}
	var failure strings.Builder
	cmd := exec.CommandContext(ctx, c.path, append(args, c.args...)...)
	cmd.Stderr = &failure
	output, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("redis-benchmark: %w: %s", cmp.Or(context.Cause(ctx), err), strings.TrimSpace(failure.String()))
	}
	return parseRate(string(output))
}

const (
	// randomIDs is how many IDs redis-benchmark chooses from.
	randomIDs = 2_000_000_000
	// randomID is what it replaces by one of them, of 12 digits.
	randomID = "__rand_int__"
)

// parseRate returns the requests per second that redis-benchmark tells as CSV:
// a line of headers, and a record for each command. That begins with the
// command itself, whatever characters it has, so that fields are counted from
// the end.
func parseRate(output string) (float64, error) {
	header, record, _ := strings.Cut(strings.TrimSpace(output), "\n")
	headers := strings.Split(strings.Trim(header, `"`), `","`)
	fields := strings.Split(strings.TrimSuffix(record, `"`), `","`)
	for i, name := range headers {
		at := len(fields) - len(headers) + i
		if name != "rps" || at < 1 {
			continue
		}
		if rate, err := strconv.ParseFloat(fields[at], 64); err == nil && rate > 0 {
			return rate, nil
		}
	}
	return 0, fmt.Errorf("redis-benchmark told no rate: %.500q", output)
}
