package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// bookkeepingBatch is the batch whose bookkeeping is measured.
const bookkeepingBatch = "bench"

// bookkeeping measures what it costs that a batch knows how far it has come: in
// the worker's CPU time of one more revocation, and in Redis', and in memory.
// Beside a batch that is counted stands the same load on the same queue under a
// name that nobody counts, and one of single revocations, whose queue Asynq asks
// first more often.
func (b *bench) bookkeeping(ctx context.Context) ([]row, error) {
	counted := row{name: "bookkeeping: worker's CPU per revocation of a batch", format: "%.0f µs"}
	uncounted := row{name: "bookkeeping: worker's CPU per revocation of a batch that nobody counts", format: "%.0f µs"}
	single := row{name: "bookkeeping: worker's CPU per single revocation", format: "%.0f µs"}
	worker := row{name: "bookkeeping: worker's CPU, counted ÷ not counted", target: "≤ 1.10", format: "%.2f"}
	server := row{name: "bookkeeping: Redis' CPU, counted ÷ not counted", format: "%.2f"}
	memory := row{
		name:   fmt.Sprintf("bookkeeping: memory in Redis for each of %d lines", b.lines),
		target: "≤ 16 bytes", format: "%.1f bytes",
	}
	plain := load{slots: 50, latency: 20 * time.Millisecond}
	batch, name := plain, plain
	batch.batch, batch.profile = bookkeepingBatch, b.profile
	name.batch, name.uncounted = bookkeepingBatch, true
	for run := range b.runs {
		b.say("bookkeeping: run %d of %d", run+1, b.runs)
		costs, err := b.perRevocation(ctx, batch, name, plain)
		if err != nil {
			return nil, err
		}
		counted.add(costs[0].worker)
		uncounted.add(costs[1].worker)
		single.add(costs[2].worker)
		worker.add(costs[0].worker / costs[1].worker)
		server.add(costs[0].redis / costs[1].redis)
		bytes, err := b.batchMemory(ctx)
		if err != nil {
			return nil, err
		}
		memory.add(float64(bytes) / float64(b.lines))
	}
	return []row{counted, uncounted, single, worker, server, memory}, nil
}

// fillUncounted asks for single revocations whose tasks bear the name of a batch that
// nobody made, and so are on the queue of batches.
func (b *bench) fillUncounted(ctx context.Context, list []tasks.Revocation) error {
	outcomes, queue := outcome.NewStore(b.redis.Client, outcome.Config{}), asynq.NewClientFromRedisClient(b.redis.Client)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(50)
	for _, r := range list {
		group.Go(func() error {
			task, err := tasks.NewTask(r, asynq.Retention(enqueue.DefaultRetention))
			if err != nil {
				return err
			}
			if _, err := outcomes.Ask(ctx, r); err != nil {
				return err
			}
			_, err = queue.EnqueueContext(ctx, task)
			return err
		})
	}
	return group.Wait()
}

// batchMemory returns how many bytes of Redis' memory a list's batch takes that
// has finished, beside the tasks, the requests and the outcomes. They differ from time to
// time: Redis leaves room in what grows, in the steps in which chunks came.
func (b *bench) batchMemory(ctx context.Context) (int64, error) {
	if err := b.redis.Empty(ctx); err != nil {
		return 0, err
	}
	if err := ask(ctx, b.redis.Client, bookkeepingBatch, b.lines); err != nil {
		return 0, err
	}
	if err := b.finishAll(ctx); err != nil {
		return 0, err
	}
	if err := b.checkBatch(ctx, bookkeepingBatch, b.lines); err != nil {
		return 0, err
	}
	var sum int64
	for _, suffix := range []string{"", ":rows", ":counted"} {
		key := tasks.Key(outcome.DefaultNamespace, "batch:"+bookkeepingBatch+suffix)
		bytes, err := b.redis.Client.MemoryUsage(ctx, key, 0).Result()
		if err != nil {
			return 0, fmt.Errorf("memory of %s: %w", key, err)
		}
		sum += bytes
	}
	return sum, nil
}

// finishAll gives every line of a batch an outcome, as a worker would.
func (b *bench) finishAll(ctx context.Context) error {
	client, err := b.redis.Client.AutoPipeline()
	if err != nil {
		return err
	}
	outcomes := outcome.NewStore(client, outcome.Config{})
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(500)
	for i := range b.lines {
		group.Go(func() error {
			r := tasks.Revocation{ImpUID: impUID(i), PG: gateway, Batch: bookkeepingBatch, Row: i + 1}
			attempt, err := outcomes.Begin(ctx, r, time.Minute)
			if err != nil {
				return err
			}
			_, err = outcomes.Finish(ctx, attempt, outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonRevoked})
			return err
		})
	}
	return group.Wait()
}

// checkBatch returns an error unless a batch of as many lines has finished, all
// of them revoked: its bookkeeping would not have been measured.
func (b *bench) checkBatch(ctx context.Context, name string, lines int) error {
	batch, err := outcome.NewStore(b.redis.Client, outcome.Config{}).Batch(ctx, name)
	if err != nil {
		return err
	}
	if batch.Revoked != lines || !batch.Finished() {
		return fmt.Errorf("the run is void: the batch was to have %d revoked, but it is %+v", lines, batch)
	}
	return nil
}
