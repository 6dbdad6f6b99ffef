package main

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

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
	// manyClients is how many goroutines use Asynq's client at once, as many as a pool of Redis has
	// connections: more would wait for one.
	manyClients = 64
)

// fanoutNote is on how fanout and million are made.
const fanoutNote = "fan-out, million: Redis with " + benchredis.OnDiskText + ". Asynq's client enqueues the same " +
	"tasks and records no request; a batch is asked for by a process that runs, and revoker bulk is measured from " +
	"the start of its process to its end, with a list in CSV."

// fanout measures how fast a list comes into Redis as a batch, in lines a second. It compares that with
// Asynq's client, in a loop and in 64 goroutines, and with the limit, see [bench.replay]; then with the
// loop again where Redis is further away. All take turns, so that what slows the machine down for a
// while meets each.
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
	revoker, list, err := b.revoker(ctx, b.lines)
	if err != nil {
		return err
	}
	near := pair{b, b.redis.Client, "fan-out"}
	far := pair{b, distant, fmt.Sprintf("fan-out, %v each way", fanoutDelay)}
	return b.each("fanout", b.runs, func(uint64) error {
		if err := b.redis.Empty(ctx); err != nil {
			return err
		}
		bulk, err := b.bulk(ctx, revoker, list, b.lines)
		if err != nil {
			return err
		}
		rate := float64(b.lines) / bulk.time.Seconds()
		together, err := near.asynq(ctx, manyClients, b.lines)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("fan-out: revoker bulk on %d lines", b.lines)
		b.table.figure(name, "≥ 80000", "%.0f/s").add(rate)
		b.table.figure(fmt.Sprintf("%s ÷ Asynq's client, %d goroutines", name, manyClients), "", "%.2f").add(rate / together)
		// A loop waits for Redis at each task, and so enqueues fewer of them: a tenth of the list, or a
		// fiftieth where each task takes two milliseconds. Rates are compared, and a rate does not depend
		// on the count.
		batch, err := near.measure(ctx, max(b.lines/10, 1))
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
		if _, err := far.measure(ctx, max(b.lines/50, 1)); err != nil {
			return err
		}
		// The round trip is measured with the rest: the delay is only what the proxy adds to it.
		trip, err := roundTrip(ctx, distant)
		b.table.figure(far.name+": round trip", "", "%.2f ms").add(milliseconds(trip))
		return err
	})
}

// pair is Asynq's client and a batch on the same Redis, over the same line, and how the table names them.
type pair struct {
	bench  *bench
	client *redis.Client
	name   string
}

// measure has so many tasks enqueued in a loop and a list as a batch, adds three figures to the table,
// and returns the batch's rate in lines a second.
func (p pair) measure(ctx context.Context, count int) (batch float64, err error) {
	loop, err := p.asynq(ctx, 1, count)
	if err != nil {
		return 0, err
	}
	batch, err = p.enqueued(ctx, p.bench.lines, p.ask)
	if err != nil {
		return 0, err
	}
	p.bench.table.figure(fmt.Sprintf("%s: batch of %d lines", p.name, p.bench.lines), "", "%.0f/s").add(batch)
	p.bench.table.figure(p.name+": batch ÷ a loop of Asynq's client", "", "%.1f").add(batch / loop)
	return batch, nil
}

// asynq has so many goroutines enqueue tasks with Asynq's client, adds their rate to the table, and
// returns it.
func (p pair) asynq(ctx context.Context, clients, count int) (rate float64, err error) {
	rate, err = p.enqueued(ctx, count, func(ctx context.Context) error { return p.enqueue(ctx, clients, count) })
	if err != nil {
		return 0, err
	}
	how := "a loop"
	if clients > 1 {
		how = fmt.Sprintf("%d goroutines", clients)
	}
	name := fmt.Sprintf("%s: Asynq's client, %s, %d tasks", p.name, how, count)
	p.bench.table.figure(name, "", "%.0f/s").add(rate)
	return rate, nil
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

// enqueue enqueues tasks with Asynq's client, as a service would that knows nothing of batches: each
// goroutine one after the other. It records no request, so that it writes less to Redis for each task
// than a batch does.
func (p pair) enqueue(ctx context.Context, clients, count int) error {
	queue := asynq.NewClientFromRedisClient(p.client)
	var next atomic.Int64
	var running errgroup.Group
	for range clients {
		running.Go(func() error {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				task, err := fanoutTask(i)
				if err != nil {
					return err
				}
				if _, err := queue.EnqueueContext(ctx, task); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return running.Wait()
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
