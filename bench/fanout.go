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
	// fanoutBatch is the name of the batch that is asked for.
	fanoutBatch = "bench"
	// fanoutDelay is how much later everything arrives on the long line, each way: a round trip takes 2
	// ms longer.
	fanoutDelay = time.Millisecond
)

// fanout measures how fast a list comes into Redis as a batch, in lines a second. It compares that with
// a loop that enqueues one task after the other with Asynq's client, and with the limit, see
// [bench.replay]; then with that loop again where Redis is further away. All take turns, so that what
// slows the machine down for a while meets each.
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
	// The loop waits for Redis at each task, and so enqueues fewer of them: a tenth of the list, or a
	// fiftieth where each task takes two milliseconds. Rates are compared, and a rate does not depend
	// on the count.
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
		// The round trip is measured with the rest: the delay is only what the proxy adds to it.
		trip, err := roundTrip(ctx, distant)
		b.table.figure(far.name+": round trip", "", "%.2f ms").add(milliseconds(trip))
		return err
	})
}

// pair is a loop and a batch on the same Redis, over the same line, and how the table names them.
type pair struct {
	bench        *bench
	client       *redis.Client
	name, target string
	tasks        int // of the loop
}

// measure enqueues in a loop and as a batch, adds three figures to the table, and returns the batch's
// rate in lines a second.
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

// enqueued empties Redis and returns how many tasks do enqueues a second; do is to enqueue count of
// them. It returns an error if another number is pending afterwards: then the rate would be that of
// something else.
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

// loop enqueues tasks one after the other with Asynq's client, as a service would that knows nothing of
// batches. It records no request, so that it writes less to Redis for each task than a batch does.
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

// ask asks for a whole list as a batch. Opening the batch and marking it as complete are part of what
// is measured.
func (p pair) ask(ctx context.Context) error { return fanoutAsk(ctx, p.client, p.bench.lines) }

// fanoutAsk is apart from [pair] since [bench.listen] listens to the same commands.
func fanoutAsk(ctx context.Context, client *redis.Client, lines int) error {
	return scene.AskLines(ctx, enqueue.NewClient(client, enqueue.Config{}), fanoutBatch, numbered(lines))
}

// impUID returns the imp_uid of a line. All have the same length, so that figures of memory can be
// compared.
func impUID(i int) string { return fmt.Sprintf("imp_%012d", i) }

// numbered returns the requests of a list of so many lines, one at a time: a list of a million in
// memory would be measured with what is done with it.
func numbered(lines int) iter.Seq[tasks.Revocation] {
	return func(yield func(tasks.Revocation) bool) {
		for i := range lines {
			if !yield(tasks.Revocation{ImpUID: impUID(i), PG: gateway}) {
				return
			}
		}
	}
}

// fanoutTask returns the task that a batch enqueues for a line. The loop enqueues the same one, so that
// both write the same to Asynq's keys.
func fanoutTask(i int) (*asynq.Task, error) {
	return tasks.NewTask(tasks.Revocation{ImpUID: impUID(i), PG: gateway, Batch: fanoutBatch, Row: i + 1},
		asynq.Retention(enqueue.DefaultRetention))
}

// checkPending returns an error unless exactly so many tasks are pending on the bulk queue, which all
// of a batch are.
func (b *bench) checkPending(ctx context.Context, count int) error {
	queues, err := asynqkeys.Read(ctx, b.redis.Client, []string{tasks.Queue{PG: gateway, Bulk: true}.Name()})
	if err == nil && queues[0].Pending != int64(count) {
		err = fmt.Errorf("the run is void: %d tasks are pending, not %d", queues[0].Pending, count)
	}
	return err
}

// roundTrip returns the mean time of a PING, which Redis answers at once.
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
