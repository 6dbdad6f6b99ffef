package metrics_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/metrics"
)

// The load at which the cost is measured, and how often it comes about.
var (
	queuedTasks = scale.Of(10_000, 100_000)
	outcomes    = scale.Of(100_000, 1_000_000)
	batches     = scale.Of(15, 150)
)

const (
	workers = 10
	every   = 15 * time.Second
)

func fill(t *testing.T, client *redis.Client) {
	t.Helper()
	ctx := t.Context()
	redistest.FillQueues(t, client, queuedTasks)
	redistest.FillOutcomes(t, client, outcomes)
	store := outcome.NewStore(client, outcome.Config{})
	rows, requests := make([]outcome.Row, 1000), make([]tasks.Revocation, 1000)
	for i := range rows { // what came of them is given, so that nothing more is open
		rows[i].Kind, requests[i].PG = outcome.KindQueued, tasks.Gateways()[i%len(tasks.Gateways())]
	}
	for i := range batches {
		if _, err := store.AskRows(ctx, fmt.Sprintf("refunds-%03d", i), "", 1, rows, requests); err != nil {
			t.Fatal(err)
		}
	}
}

var usec = regexp.MustCompile(`(?m)^cmdstat_[^:]*:calls=\d+,usec=(\d+)`)

// spent returns the time that Redis says its commands took, and the processor
// time that it has used in all.
func spent(ctx context.Context, t *testing.T, client *redis.Client) (commands, cpu time.Duration) {
	t.Helper()
	stats, err := client.Info(ctx, "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range usec.FindAllStringSubmatch(stats, -1) {
		n, _ := strconv.Atoi(found[1])
		commands += time.Duration(n) * time.Microsecond
	}
	return commands, redistest.CPU(t, client)
}

// Scraping ten workers every 15 s costs Redis less than 1 % of its time, with
// 100,000 tasks in all queues, a million outcomes and 150 batches, or a tenth of them
// outside of proofs.
func TestScrapingCostsRedisNextToNothing(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	fill(t, client)
	scrapes := time.Duration(scale.Of(20, 100))
	commands, cpu := spent(t.Context(), t, client)
	for range scrapes {
		p := scrape(t, metrics.New().Handler(subject(client, &fake{}))) // each a worker that has read nothing yet
		p.want(t, map[string]float64{
			`revoker_queue_tasks{pg="kcp",queue="receipts-bulk-kcp",state="pending"}`: float64(queuedTasks / len(tasks.Queues(""))),
			`revoker_open_outcomes{}`: float64(outcomes / 20), `revoker_dead_letters{}`: float64(outcomes / 20),
		})
	}
	commandsAfter, cpuAfter := spent(t.Context(), t, client)
	commands, cpu = (commandsAfter-commands)/scrapes, (cpuAfter-cpu)/scrapes
	share := func(d time.Duration) float64 { return 100 * float64(d*workers) / float64(every) }
	t.Logf("a scrape costs Redis %v by its commands and %v of processor time: %.3f %% and %.3f %% with %d workers every %v",
		commands, cpu, share(commands), share(cpu), workers, every)
	if share(commands) >= 1 || share(cpu) >= 1 {
		t.Errorf("that is not less than 1 %%")
	}
}
