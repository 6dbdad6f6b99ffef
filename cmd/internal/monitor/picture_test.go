package monitor_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// picture names the environment variable with the file to which the picture of the README
// is written; see the Makefile.
const picture = "REVOKER_PICTURE"

// pictured is the moment that the picture shows.
var pictured = time.Date(2026, 11, 26, 8, 52, 7, 0, time.FixedZone("KST", 9*60*60))

// TestPictureShowsWhatHoldsABatch takes the picture of the README: a night on which a
// gateway is down, and a person has paused another.
func TestPictureShowsWhatHoldsABatch(t *testing.T) {
	t.Parallel()
	b := openTab(t, "en-US,en")
	client := redistest.Embedded(t)
	line(t, client, "receipts-bulk-settle", 670, 0, 0)
	line(t, client, "receipts-bulk-html5_inicis", 752, 20, 6)
	line(t, client, "receipts-bulk-kcp", 1115, 20, 11)
	line(t, client, "receipts-kcp", 2, 1, 0)
	line(t, client, "receipts-bulk-nice", 123, 0, 0)
	line(t, client, "receipts-bulk-daou", 0, 0, 0)
	counted(t, client, "refunds-2026-11", "queued:settle", 670, "queued:html5_inicis", 1740, "revoked:revoked:html5_inicis", 962,
		"queued:kcp", 2284, "revoked:revoked:kcp", 1138, "queued:nice", 123, "queued:daou", 183, "dead:unsupported_gateway:daou", 183)
	counted(t, client, "refunds-2026-10", "queued:kcp", 800, "revoked:revoked:kcp", 745, "dead:not_issued:kcp", 55,
		"complete", 1, "finished_at", pictured.Add(-30*time.Hour).Format(time.RFC3339))
	bury(t, client, "unsupported_gateway", 183)
	bury(t, client, "not_issued", 55)
	server := asynq.NewServerFromRedisClient(client, asynq.Config{Queues: asynqkeys.Weights("", tasks.Welcome), Logger: quiet{}})
	if err := server.Start(asynq.NotFoundHandler()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	redistest.Eventually(t, 10*time.Second, "the worker registers", func() bool { return client.ZCard(t.Context(), "asynq:servers").Val() == 1 })

	closed := pictured.Add(-3 * time.Minute)
	site := httptest.NewServer(newSite(t, client, monitor.Config{Now: func() time.Time { return pictured }, Gates: &fakeGates{
		seen: gate.Snapshot{Now: pictured, Gates: map[gate.Name]gate.State{"settle": {
			Closed: true, Counted: 80, Since: closed, SucceededAt: closed.Add(-time.Minute), NextProbe: pictured.Add(4 * time.Second),
		}}},
		pauses: []pause.Pause{
			{Queue: "receipts-bulk-settle", Paused: true, Gate: "settle", Since: closed},
			{Queue: "receipts-bulk-nice", Paused: true, By: "kim@ops", Reason: "maintenance until 09:30", Since: closed.Add(-20 * time.Minute)},
			{Queue: "receipts-nice", Paused: true, By: "kim@ops", Reason: "maintenance until 09:30", Since: closed.Add(-20 * time.Minute)},
		},
	}}))
	t.Cleanup(site.Close)
	b.do(t, chromedp.EmulateViewport(1100, 1240), chromedp.Navigate(site.URL))
	b.sees(t, "1 worker is running", "670 held: the gate of Hecto Financial is closed, since 08:49:07 KST",
		"123 held: paused by kim@ops, since 08:29:07 KST: maintenance until 09:30", " a second, ", " left")
	fits(t, b)
	b.do(t, chromedp.EmulateViewport(1100, 1240))
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if file := os.Getenv(picture); err == nil && file != "" {
		err = os.WriteFile(file, shot, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// line fills a queue with so many tasks, which are but their IDs.
func line(t *testing.T, client *redis.Client, queue string, pending, active, retry int) {
	t.Helper()
	ctx := t.Context()
	client.SAdd(ctx, asynqkeys.Registry, queue)
	for i := range pending {
		client.LPush(ctx, asynqkeys.Key(queue, "pending"), strconv.Itoa(i))
	}
	for i := range active {
		client.LPush(ctx, asynqkeys.Key(queue, "active"), fmt.Sprint("active", i))
	}
	for i := range retry {
		client.ZAdd(ctx, asynqkeys.Key(queue, "retry"), redis.Z{Member: i})
	}
	since := strconv.FormatInt(pictured.Add(-11*time.Second).UnixNano(), 10)
	client.HSet(ctx, asynqkeys.Key(queue, "t:0"), "pending_since", since)
	if state := map[string]bool{"receipts-bulk-settle": true, "receipts-bulk-nice": true}; state[queue] {
		client.Set(ctx, asynqkeys.Key(queue, "paused"), 1, 0)
	}
}

// counted makes a batch of its figures. It was started eleven seconds ago.
func counted(t *testing.T, client *redis.Client, name string, figures ...any) {
	t.Helper()
	fields := append([]any{
		"started_at", pictured.Add(-11 * time.Second).Format(time.RFC3339), "complete", 1, "before_done", 0,
		"before_at", time.Now().Add(-11 * time.Second).UnixMilli(), "changed_at", time.Now().UTC().Format(time.RFC3339),
	}, figures...)
	client.HSet(t.Context(), "{receipt}:batch:"+name, fields...)
	client.ZAdd(t.Context(), "{receipt}:batch-index", redis.Z{Score: float64(len(figures)), Member: name})
}
