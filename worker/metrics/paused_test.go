package metrics_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/metrics"
)

// What pauses a queue is told, so that no alert takes what waits for it to be
// stuck.
func TestPausedQueuesAndWhatTheyHold(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		for i, queue := range []string{"receipts", "receipts-kcp", "receipts-bulk-kcp", "receipts-bulk-nice"} {
			enqueue(t, client, queue, i)
		}
		pause(t, client, "receipts-kcp", "1764000000 gate kcp 5")
		pause(t, client, "receipts-bulk-nice", "1764000000")
		store := outcome.NewStore(client, outcome.Config{})
		askFor(t, store, "refunds", tasks.KCP, tasks.Nice, tasks.Nice)
		p := scrape(t, metrics.New().Handler(subject(client, &fake{})))
		p.want(t, map[string]float64{
			`revoker_queue_paused{by="gate",pg="none",queue="receipts"}`:             0,
			`revoker_queue_paused{by="person",pg="none",queue="receipts"}`:           0,
			`revoker_queue_paused{by="gate",pg="kcp",queue="receipts-kcp"}`:          1,
			`revoker_queue_paused{by="person",pg="kcp",queue="receipts-kcp"}`:        0,
			`revoker_queue_paused{by="gate",pg="nice",queue="receipts-bulk-nice"}`:   0,
			`revoker_queue_paused{by="person",pg="nice",queue="receipts-bulk-nice"}`: 1,
			`revoker_batch_lines{batch="refunds",state="open"}`:                      3,
			`revoker_batch_held_lines{batch="refunds"}`:                              2,
		})
	})
}

// pause writes what Asynq, or a gate, writes.
func pause(t *testing.T, client *redis.Client, queue, mark string) {
	t.Helper()
	if err := client.Set(t.Context(), "asynq:{"+queue+"}:paused", mark, 0).Err(); err != nil {
		t.Fatal(err)
	}
}
