package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"runtime/pprof"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/redistest/proxy"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
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
// limit, see [limit]; and beside that loop again where Redis is further away.
// All take turns, so that what slows the machine down for a while meets each.
func (b *bench) fanout(ctx context.Context) ([]row, error) {
	line, err := proxy.Start(b.redis.Addr)
	if err != nil {
		return nil, err
	}
	defer line.Close()
	line.Delay(fanoutDelay)
	distant := redis.NewClient(benchredis.Options(line.Addr))
	defer distant.Close()
	limit, err := b.findLimit(ctx)
	if err != nil {
		return nil, err
	}

	near := b.newPair("fan-out", "≥ 5", max(b.lines/10, 1))
	rate := row{name: "fan-out: the limit, " + limit.String(), format: "%.0f/s"}
	share := row{name: "fan-out: batch ÷ limit", target: "≥ 0.5", format: "%.2f"}
	chunk := row{
		name:   fmt.Sprintf("fan-out: Redis' time to record %d lines", limit.chunk),
		target: "< 10 ms", format: "%.1f ms",
	}
	far := b.newPair(fmt.Sprintf("fan-out, %v each way", fanoutDelay), "≥ 50", max(b.lines/50, 1))
	trip := row{name: fmt.Sprintf("fan-out, %v each way: round trip", fanoutDelay), format: "%.2f ms"}
	for run := range b.runs {
		b.say("fanout: run %d of %d", run+1, b.runs)
		batch, err := b.fanoutPair(ctx, b.redis.Client, near)
		if err != nil {
			return nil, err
		}
		most, recording, err := b.fanoutLimit(ctx, limit)
		if err != nil {
			return nil, err
		}
		rate.add(most)
		share.add(batch / most)
		chunk.add(milliseconds(recording))
		if _, err := b.fanoutPair(ctx, distant, far); err != nil {
			return nil, err
		}
		took, err := roundTrip(ctx, distant)
		if err != nil {
			return nil, err
		}
		trip.add(milliseconds(took))
	}
	return []row{near.loop, near.batch, near.ratio, rate, share, chunk, far.loop, far.batch, far.ratio, trip}, nil
}

// pair are the rows of loop and batch.
type pair struct {
	loop, batch, ratio row
	tasks              int // of the loop
}

func (b *bench) newPair(name, target string, loop int) *pair {
	return &pair{
		loop:  row{name: fmt.Sprintf("%s: loop of Asynq's client, %d tasks", name, loop), format: "%.0f/s"},
		batch: row{name: fmt.Sprintf("%s: batch of %d lines", name, b.lines), format: "%.0f/s"},
		ratio: row{name: name + ": batch ÷ loop", target: target, format: "%.1f"},
		tasks: loop,
	}
}

// fanoutPair enqueues in a loop and as a batch, and returns the batch's rate.
func (b *bench) fanoutPair(ctx context.Context, client *redis.Client, p *pair) (batch float64, err error) {
	loop, err := b.fanoutLoop(ctx, client, p.tasks)
	if err != nil {
		return 0, err
	}
	batch, err = b.fanoutAsk(ctx, client)
	if err != nil {
		return 0, err
	}
	p.loop.add(loop)
	p.batch.add(batch)
	p.ratio.add(batch / loop)
	return batch, nil
}

// fanoutLoop enqueues as many tasks one after the other, and returns how many
// it was a second.
func (b *bench) fanoutLoop(ctx context.Context, client *redis.Client, count int) (float64, error) {
	if err := b.redis.Empty(ctx); err != nil {
		return 0, err
	}
	queue := asynq.NewClientFromRedisClient(client)
	began := time.Now()
	for i := range count {
		task, err := fanoutTask(i)
		if err != nil {
			return 0, err
		}
		if _, err := queue.EnqueueContext(ctx, task); err != nil {
			return 0, err
		}
	}
	took := time.Since(began)
	return float64(count) / took.Seconds(), b.checkPending(ctx, count, 0)
}

// fanoutAsk asks for a whole list as a batch, and returns how many lines it was
// a second, from opening the batch to its completion. A profile is made of it
// where nothing else is, as the proxy would be.
func (b *bench) fanoutAsk(ctx context.Context, client *redis.Client) (float64, error) {
	if err := b.redis.Empty(ctx); err != nil {
		return 0, err
	}
	if b.profile != "" && client == b.redis.Client {
		file, err := os.Create(b.profile)
		if err != nil {
			return 0, err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return 0, err
		}
		defer pprof.StopCPUProfile()
	}
	began := time.Now()
	if err := ask(ctx, client, fanoutBatch, b.lines); err != nil {
		return 0, err
	}
	took := time.Since(began)
	return float64(b.lines) / took.Seconds(), b.checkPending(ctx, b.lines, 0)
}

// ask asks for a list of as many lines as a batch, and returns an error unless
// each was enqueued.
func ask(ctx context.Context, client redis.UniversalClient, name string, lines int) error {
	list := func(yield func(enqueue.Line) bool) {
		for i := range lines {
			if !yield(enqueue.Line{Number: i + 1, ImpUID: impUID(i), PG: gateway}) {
				return
			}
		}
	}
	return askList(ctx, enqueue.NewClient(client, enqueue.Config{}), name, list, lines)
}

// askList asks for a list of so many lines as a batch, and returns an error
// unless all are queued.
func askList(ctx context.Context, client *enqueue.Client, name string, list iter.Seq[enqueue.Line], lines int) error {
	batch, err := client.Batch(name, enqueue.BatchOptions{Source: "bench"})
	if err != nil {
		return err
	}
	queued := 0
	for result, err := range batch.Ask(ctx, list) {
		if err != nil {
			return err
		}
		if result.Kind == outcome.KindQueued {
			queued++
		}
	}
	if queued != lines {
		return fmt.Errorf("enqueued %d of %d lines: %w", queued, lines, context.Cause(ctx))
	}
	return nil
}

// fanoutTask returns the task that a batch enqueues for a line.
func fanoutTask(i int) (*asynq.Task, error) {
	return tasks.NewTask(tasks.Revocation{ImpUID: impUID(i), PG: gateway, Batch: fanoutBatch, Row: i + 1},
		asynq.Retention(enqueue.DefaultRetention))
}

// checkPending returns an error unless as many tasks are pending, or up to less
// fewer.
func (b *bench) checkPending(ctx context.Context, count, less int) error {
	queues, err := asynqkeys.Read(ctx, b.redis.Client, []string{tasks.Queue{PG: gateway, Bulk: true}.Name()})
	if err != nil {
		return err
	}
	if pending := queues[0].Pending; pending > int64(count) || pending < int64(count-less) {
		return fmt.Errorf("the run is void: %d tasks are pending, not %d", pending, count)
	}
	return nil
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
