package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/scene"
	"receiptrevoker/bench/redistest/proxy"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

const (
	// fanoutBatch is the batch that is asked for.
	fanoutBatch = "bench"
	// fanoutDelay is how much later everything arrives on the long line, each
	// way.
	fanoutDelay = time.Millisecond
)

// fanout measures how fast a list comes into Redis as a batch: beside a loop
// that enqueues one task after the other with Asynq's client, and beside the
// limit, see [bench.replay]; and beside that loop again where Redis is further away.
// All take turns, so that what slows the machine down for a while meets each.
func (b *bench) fanout(ctx context.Context) error {
	line, err := proxy.Start(b.redis.Addr)
	if err != nil {
		return err
	}
	defer line.Close()
	line.Delay(fanoutDelay)
	distant := redis.NewClient(benchredis.Options(line.Addr))
	defer distant.Close()
	commands, err := b.listen(ctx)
	if err != nil {
		return err
	}
	near := pair{b, b.redis.Client, "fan-out", "≥ 5", max(b.lines/10, 1)}
	far := pair{b, distant, fmt.Sprintf("fan-out, %v each way", fanoutDelay), "≥ 50", max(b.lines/50, 1)}
	return b.each("fanout", b.runs, func(uint64) error {
		batch, err := near.measure(ctx)
		if err != nil {
			return err
		}
		limit, recording, err := b.replay(ctx, commands)
		if err != nil {
			return err
		}
		b.table.figure("fan-out: the limit, the batch's commands in one go", "", "%.0f/s").add(limit)
		b.table.figure("fan-out: batch ÷ limit", "≥ 0.5", "%.2f").add(batch / limit)
		b.table.figure("fan-out: Redis' time to record lines in one step", "< 10 ms", "%.1f ms").
			add(milliseconds(recording))
		if _, err := far.measure(ctx); err != nil {
			return err
		}
		trip, err := roundTrip(ctx, distant)
		b.table.figure(far.name+": round trip", "", "%.2f ms").add(milliseconds(trip))
		return err
	})
}

// pair are a loop and a batch on the same Redis.
type pair struct {
	bench        *bench
	client       *redis.Client
	name, target string
	tasks        int // of the loop
}

// measure enqueues in a loop and as a batch, and returns the batch's rate.
func (p pair) measure(ctx context.Context) (batch float64, err error) {
	loop, err := p.enqueued(ctx, p.tasks, p.loop)
	if err != nil {
		return 0, err
	}
	batch, err = p.enqueued(ctx, p.bench.lines, p.ask)
	if err != nil {
		return 0, err
	}
	p.bench.table.figure(fmt.Sprintf("%s: loop of Asynq's client, %d tasks", p.name, p.tasks), "", "%.0f/s").add(loop)
	p.bench.table.figure(fmt.Sprintf("%s: batch of %d lines", p.name, p.bench.lines), "", "%.0f/s").add(batch)
	p.bench.table.figure(p.name+": batch ÷ loop", p.target, "%.1f").add(batch / loop)
	return batch, nil
}

// enqueued returns how many tasks do enqueues a second, which is to enqueue count.
func (p pair) enqueued(ctx context.Context, count int, do func(context.Context) error) (float64, error) {
	if err := p.bench.redis.Empty(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := do(ctx); err != nil {
		return 0, err
	}
	took := time.Since(began)
	return float64(count) / took.Seconds(), p.bench.checkPending(ctx, count)
}

// loop enqueues tasks one after the other.
func (p pair) loop(ctx context.Context) error {
	queue := asynq.NewClientFromRedisClient(p.client)
	for i := range p.tasks {
		task, err := fanoutTask(i)
		if err != nil {
			return err
		}
		if _, err := queue.EnqueueContext(ctx, task); err != nil {
			return err
		}
	}
	return nil
}

// ask asks for a whole list as a batch, from opening the batch to its completion.
func (p pair) ask(ctx context.Context) error { return fanoutAsk(ctx, p.client, p.bench.lines) }

func fanoutAsk(ctx context.Context, client *redis.Client, lines int) error {
	return scene.AskLines(ctx, enqueue.NewClient(client, enqueue.Config{}), fanoutBatch, numbered(lines))
}

func impUID(i int) string { return fmt.Sprintf("imp_%012d", i) }

// numbered returns the requests of a list of so many lines.
func numbered(lines int) iter.Seq[tasks.Revocation] {
	return func(yield func(tasks.Revocation) bool) {
		for i := range lines {
			if !yield(tasks.Revocation{ImpUID: impUID(i), PG: gateway}) {
				return
			}
		}
	}
}

// fanoutTask returns the task that a batch enqueues for a line.
func fanoutTask(i int) (*asynq.Task, error) {
	return tasks.NewTask(tasks.Revocation{ImpUID: impUID(i), PG: gateway, Batch: fanoutBatch, Row: i + 1},
		asynq.Retention(enqueue.DefaultRetention))
}

// checkPending returns an error unless as many tasks are pending.
func (b *bench) checkPending(ctx context.Context, count int) error {
	queues, err := asynqkeys.Read(ctx, b.redis.Client, []string{tasks.Queue{PG: gateway, Bulk: true}.Name()})
	if err == nil && queues[0].Pending != int64(count) {
		err = fmt.Errorf("the run is void: %d tasks are pending, not %d", queues[0].Pending, count)
	}
	return err
}

// roundTrip returns the mean time of a command that Redis answers at once.
func roundTrip(ctx context.Context, client *redis.Client) (time.Duration, error) {
	const trips = 100
	began := time.Now()
	for range trips {
		if err := client.Ping(ctx).Err(); err != nil {
			return 0, err
		}
	}
	return time.Since(began) / trips, nil
}
