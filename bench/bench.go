package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
)

// gateway is the one whose receipts are revoked.
const gateway = tasks.KCP

// bench makes the measurements.
type bench struct {
	settings
	redis *benchredis.Server
}

// measurement is one of those that can be made.
type measurement struct {
	name string
	make func(*bench, context.Context) ([]row, error)
	// large tells that it takes so much memory, or time, that it is made only if
	// it is asked for.
	large bool
	note  string // on how it is made; empty if there is nothing to say
}

func measurements() []measurement {
	return []measurement{
		{name: "pickup", make: (*bench).pickup},
		{name: "throughput", make: (*bench).throughput},
		{name: "cpu", make: (*bench).cpu},
		{name: "fanout", make: (*bench).fanout},
		{name: "outage", make: (*bench).outage, note: outageNote},
		{name: "million", make: (*bench).million, large: true},
		{name: "mixed", make: (*bench).mixed, large: true, note: mixedNote},
	}
}

// measure makes the measurements that are wanted and returns what they found.
func (b *bench) measure(ctx context.Context) ([]row, error) {
	var rows []row
	for _, m := range measurements() {
		if !b.wants(m) {
			continue
		}
		more, err := m.make(b, ctx)
		switch {
		case err != nil && ctx.Err() != nil: // Asynq's errors do not wrap it
			return nil, fmt.Errorf("%s: %w", m.name, ctx.Err())
		case err != nil:
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// say writes a line about how far it has come.
func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

// load is a number of revocations, and how they are carried out.
type load struct {
	revocations int
	batch       string        // of all of them; empty for single ones
	slots       int           // of the worker
	latency     time.Duration // of PortOne
	bare        bareMode      // whether by the bare handler
	profile     string        // a file; empty for none
}

// limit bounds the time of a whole run, far above what it can need.
func (l load) limit() time.Duration {
	waves := l.revocations/l.slots + 1
	return time.Minute + 10*time.Duration(waves)*l.latency + time.Duration(l.revocations)*10*time.Millisecond
}

// queue returns the name of the queue that the revocations are on.
func (l load) queue() string { return tasks.Queue{PG: gateway, Bulk: l.batch != ""}.Name() }

// spent is what a load took.
type spent struct {
	time time.Duration // from the first DELETE's arrival to the last one's answer
	cpu  time.Duration // of the process, from its start to its end
	// redis is the server's CPU time, from the start of the process until every
	// task is completed.
	redis time.Duration
}

// carryOut enqueues a load, starts a process that works it off, and stops it once
// every task is completed.
func (b *bench) carryOut(ctx context.Context, l load) (spent, error) {
	ctx, cancel := context.WithTimeout(ctx, l.limit())
	defer cancel()
	portone, err := startSimulator(l.latency, l.revocations)
	if err != nil {
		return spent{}, err
	}
	defer portone.close()
	token, err := portone.token(ctx)
	if err != nil {
		return spent{}, err
	}
	if err := b.fill(ctx, l); err != nil {
		return spent{}, err
	}

	before, err := b.redis.CPU(ctx)
	if err != nil {
		return spent{}, err
	}
	process, err := startChild(ctx, job{
		Bare: l.bare, RedisAddr: b.redis.Addr, URL: portone.url, Token: token, Slots: l.slots, Profile: l.profile,
	})
	if err != nil {
		return spent{}, err
	}
	defer process.kill()
	if _, err := await(ctx, process, portone.done); err != nil {
		return spent{}, err
	}
	if err := b.awaitCompleted(ctx, l); err != nil {
		return spent{}, err
	}
	after, err := b.redis.CPU(ctx)
	if err != nil {
		return spent{}, err
	}
	cpu, err := process.stop()
	if err != nil {
		return spent{}, err
	}
	return spent{time: portone.span(), cpu: cpu, redis: after - before}, errors.Join(portone.check(), b.check(ctx, l))
}

// fill empties Redis and enqueues a load, as a client of this project does.
func (b *bench) fill(ctx context.Context, l load) error {
	if err := b.redis.Empty(ctx); err != nil {
		return err
	}
	if l.batch != "" {
		return ask(ctx, b.redis.Client, l.batch, l.revocations)
	}
	list := make([]tasks.Revocation, l.revocations)
	for i := range list {
		list[i] = tasks.Revocation{ImpUID: impUID(i), PG: gateway}
	}
	return revokeAll(ctx, enqueue.NewClient(b.redis.Client, enqueue.Config{}), list)
}

// check returns an error unless a load's batch, if it is one, has counted all of it.
func (b *bench) check(ctx context.Context, l load) error {
	if l.batch == "" {
		return nil
	}
	batch, err := outcome.NewStore(b.redis.Client, outcome.Config{}).Batch(ctx, l.batch)
	if err != nil {
		return err
	}
	if batch.Revoked != l.revocations || !batch.Finished() {
		return fmt.Errorf("the run is void: the batch was to have %d revoked, but it is %+v", l.revocations, batch)
	}
	return nil
}

// impUIDPrefix is what stands before the digits of an imp_uid.
const impUIDPrefix = "imp_"

func impUID(i int) string { return fmt.Sprintf(impUIDPrefix+"%012d", i) }

// awaitCompleted waits until Asynq has completed every task of a load.
func (b *bench) awaitCompleted(ctx context.Context, l load) error {
	inspector := asynq.NewInspectorFromRedisClient(b.redis.Client)
	for {
		info, err := inspector.GetQueueInfo(l.queue())
		if err == nil && info.Completed == l.revocations {
			return nil
		}
		if wait.For(ctx, 20*time.Millisecond) != nil {
			return fmt.Errorf("not all tasks were completed: %w", context.Cause(ctx))
		}
	}
}
