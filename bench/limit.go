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

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/tasks"
)

// limit is redis-benchmark at the one command that Asynq enqueues a task with,
// over and over, with another random ID each time. It makes no tasks, expects
// nothing of the answers and keeps no account of them: who does cannot be
// faster.
type limit struct {
	path        string
	addr        string
	command     []string
	connections int
	pipelining  int // commands sent at a time on each connection
}

// errNoBenchmark is matched where no redis-benchmark is installed.
var errNoBenchmark = errors.New("redis-benchmark is not installed, which tells the limit of fan-out; " +
	"Debian has it in redis-tools, on which its redis-server depends")

func (l limit) String() string {
	return fmt.Sprintf("redis-benchmark -c %d -P %d with the same script", l.connections, l.pipelining)
}

// findLimit tries in which way redis-benchmark is fastest.
func (b *bench) findLimit(ctx context.Context) (limit, error) {
	path, err := exec.LookPath("redis-benchmark")
	if err != nil {
		return limit{}, errNoBenchmark
	}
	command, err := b.enqueueCommand(ctx)
	if err != nil {
		return limit{}, err
	}
	var best limit
	most := 0.0
	for _, connections := range []int{8, 50} {
		for _, pipelining := range []int{16, 50, 100, 250, 500} {
			l := limit{path: path, addr: b.redis.Addr, command: command, connections: connections, pipelining: pipelining}
			rate, err := b.fanoutLimit(ctx, l)
			if err != nil {
				return limit{}, err
			}
			b.say("fanout: %v: %.0f/s", l, rate)
			if rate > most {
				best, most = l, rate
			}
		}
	}
	return best, nil
}

// fanoutLimit enqueues as many tasks as a batch does, and returns how many it
// was a second.
func (b *bench) fanoutLimit(ctx context.Context, l limit) (float64, error) {
	if err := b.redis.Empty(ctx); err != nil {
		return 0, err
	}
	rate, err := l.run(ctx, b.lines)
	if err != nil {
		return 0, err
	}
	// What its last pipelines hold is sent whole. The same random number twice
	// is rare, and a task once.
	over := l.connections * l.pipelining
	return rate, b.checkPending(ctx, b.lines+over, over+b.lines/100+1)
}

// run carries the command out count times and returns how often it was a second.
func (l limit) run(ctx context.Context, count int) (float64, error) {
	host, port, err := net.SplitHostPort(l.addr)
	if err != nil {
		return 0, err
	}
	args := []string{
		"-h", host, "-p", port, "--csv", "-n", strconv.Itoa(count), "-r", strconv.Itoa(randomIDs),
		"-c", strconv.Itoa(l.connections), "-P", strconv.Itoa(l.pipelining),
	}
	var failure strings.Builder
	cmd := exec.CommandContext(ctx, l.path, append(args, l.command...)...)
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

// enqueueCommand returns the command by which Asynq enqueues a task of the
// list, with the ID at random. Its message stays that of one task.
func (b *bench) enqueueCommand(ctx context.Context) ([]string, error) {
	client := redis.NewClient(benchredis.Options(b.redis.Addr))
	defer client.Close()
	var sent overheard
	client.AddHook(&sent)
	// Redis is told what a script says only if it does not know it.
	if err := client.ScriptFlush(ctx).Err(); err != nil {
		return nil, err
	}
	task, err := fanoutTask(b.lines - 1)
	if err != nil {
		return nil, err
	}
	if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(ctx, task); err != nil {
		return nil, err
	}
	if len(sent.eval) < 2 {
		return nil, errors.New("a task was enqueued without a script")
	}
	digest, err := client.ScriptLoad(ctx, sent.eval[1]).Result()
	if err != nil {
		return nil, err
	}
	return randomized(digest, sent.eval[2:], impUID(b.lines-1)), nil
}

// randomized returns the command that runs a script with other arguments than
// those of EVAL after the script: the ID of the task for an imp_uid is random,
// in its key and by itself.
func randomized(digest string, args []string, impUID string) []string {
	id := tasks.TaskID(impUID)
	random := strings.TrimRight(id, "0123456789") + randomID
	command := []string{"EVALSHA", digest}
	for _, arg := range args {
		if strings.HasSuffix(arg, id) {
			arg = strings.TrimSuffix(arg, id) + random
		}
		command = append(command, arg)
	}
	return command
}

// overheard is a hook that keeps the arguments of the last EVAL.
type overheard struct{ eval []string }

// DialHook changes nothing.
func (o *overheard) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook changes nothing.
func (o *overheard) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook listens.
func (o *overheard) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if strings.EqualFold(cmd.Name(), "eval") {
			o.eval = nil
			for _, arg := range cmd.Args() {
				if raw, ok := arg.([]byte); ok {
					arg = string(raw)
				}
				o.eval = append(o.eval, fmt.Sprint(arg))
			}
		}
		return next(ctx, cmd)
	}
}
