package metrics_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/metrics"
	"receiptrevoker/worker/revoke"
)

// contract is what alert rules and dashboards are written against.
var contract = []string{
	"revoker_api_request_seconds{operation,status} histogram",
	"revoker_attempts_total{pg,reason} counter",
	"revoker_batch_held_lines{batch} gauge",
	"revoker_batch_lines{batch,state} gauge",
	"revoker_build_info{go_version,revision,version} gauge",
	"revoker_dead_letters{} gauge",
	"revoker_gate_closed{pg} gauge", "revoker_gate_closures_total{pg} counter",
	"revoker_gate_failed_receipts{pg} gauge", "revoker_gate_waived{pg} gauge",
	"revoker_hold_seconds{} gauge",
	"revoker_older_workers{} gauge",
	"revoker_open_outcomes{} gauge",
	"revoker_outcomes_total{pg,reason} counter",
	"revoker_overdue_outcomes{} gauge",
	"revoker_queue_oldest_seconds{pg,queue} gauge",
	"revoker_queue_paused{by,pg,queue} gauge",
	"revoker_queue_tasks{pg,queue,state} gauge",
	"revoker_ready{} gauge",
	"revoker_redis_errors_total{kind} counter",
	"revoker_redis_up{} gauge",
	"revoker_token_refreshes_total{result} counter",
}

// enqueue puts a task on a queue of Asynq's.
func enqueue(t *testing.T, client redis.UniversalClient, queue string, id int, opts ...asynq.Option) {
	t.Helper()
	task := asynq.NewTask(tasks.TypeRevoke, nil, asynq.Queue(queue), asynq.TaskID(fmt.Sprint(id)))
	if _, err := asynq.NewClientFromRedisClient(client).Enqueue(task, opts...); err != nil {
		t.Fatal(err)
	}
}

// askFor asks for imp_1, imp_2 and so on of these gateways in a batch.
func askFor(t *testing.T, store *outcome.Store, batch string, pgs ...tasks.Gateway) {
	t.Helper()
	requests := make([]tasks.Revocation, len(pgs))
	for i, pg := range pgs {
		requests[i] = tasks.Revocation{ImpUID: fmt.Sprintf("imp_%d", i+1), PG: pg, Batch: batch, Row: i + 1}
	}
	if _, err := store.AskRows(t.Context(), batch, "", 1, make([]outcome.Row, len(pgs)), requests); err != nil {
		t.Fatal(err)
	}
}

func TestPageShowsWhatIs(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		m := metrics.New()
		store := outcome.NewStore(client, outcome.Config{})
		askFor(t, store, "refunds", "", "")
		attempt, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: "imp_1"}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Finish(t.Context(), attempt, outcome.Outcome{Status: outcome.Dead, Reason: "refused"}); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: "imp_2"}, time.Minute); err != nil {
			t.Fatal(err)
		}
		enqueue(t, client, "receipts-kcp", 1)
		enqueue(t, client, "receipts-kcp", 2)
		enqueue(t, client, "receipts-kcp", 3, asynq.ProcessIn(time.Hour))
		since := time.Now().Add(-time.Minute).UnixNano()
		if err := client.HSet(t.Context(), "asynq:{receipts-kcp}:t:1", "pending_since", since).Err(); err != nil {
			t.Fatal(err)
		}

		worker := &fake{gates: map[gate.Name]gate.State{
			gate.PortOne: {}, gate.Unknown: {Closed: true}, gate.Of(tasks.KCP): {Closed: true},
		}}
		p := scrape(t, m.Handler(subject(client, worker)))
		var ours []string
		for _, name := range p.names {
			if strings.HasPrefix(name, "revoker_") {
				ours = append(ours, name)
			}
		}
		if diff := cmp.Diff(contract, ours); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
		if len(p.has("go_goroutines")) == 0 || len(p.has("process_start_time_seconds")) == 0 {
			t.Error("the Go runtime or the process is missing")
		}
		p.want(t, map[string]float64{
			`revoker_queue_tasks{pg="kcp",queue="receipts-kcp",state="pending"}`:   2,
			`revoker_queue_tasks{pg="kcp",queue="receipts-kcp",state="active"}`:    0,
			`revoker_queue_tasks{pg="kcp",queue="receipts-kcp",state="scheduled"}`: 1,
			`revoker_queue_tasks{pg="kcp",queue="receipts-kcp",state="retry"}`:     0,
			`revoker_queue_tasks{pg="kcp",queue="receipts-kcp",state="archived"}`:  0,
			`revoker_gate_closed{pg="kcp"}`:                                        1,
			`revoker_gate_closed{pg="none"}`:                                       1,
			`revoker_gate_closed{pg="portone"}`:                                    0,
			`revoker_dead_letters{}`:                                               1,
			`revoker_open_outcomes{}`:                                              1,
			`revoker_overdue_outcomes{}`:                                           0,
			`revoker_batch_lines{batch="refunds",state="open"}`:                    1,
			`revoker_batch_lines{batch="refunds",state="dead"}`:                    1,
			`revoker_batch_lines{batch="refunds",state="revoked"}`:                 0,
			`revoker_hold_seconds{}`:                                               0,
			`revoker_older_workers{}`:                                              0,
			`revoker_redis_up{}`:                                                   1,
			`revoker_ready{}`:                                                      1,
		})
		if oldest := p.series[`revoker_queue_oldest_seconds{pg="kcp",queue="receipts-kcp"}`]; oldest < 60 || oldest > 90 {
			t.Errorf("the oldest task has waited %v s, want the minute since the first", oldest)
		}
	})
}

func TestEverySeriesOfCountersIsThereFromTheStart(t *testing.T) {
	t.Parallel()
	p := scrapeWhole(t, metrics.New().Handler(subject(redistest.Embedded(t), &fake{err: errors.New("not ready")})))
	pgs, terminal := len(tasks.Gateways())+1, len(outcome.TerminalReasons())-2 // but for what persons state
	for name, want := range map[string]int{
		"revoker_outcomes_total":        pgs * terminal,
		"revoker_attempts_total":        pgs * (terminal + len(outcome.RetryingReasons())),
		"revoker_api_request_seconds":   3 * 13,
		"revoker_token_refreshes_total": 3,
		"revoker_redis_errors_total":    5,
	} {
		series := p.has(name)
		if len(series) != want {
			t.Errorf("%s has %d series, want %d", name, len(series), want)
		}
		for _, one := range series {
			if p.series[one] != 0 {
				t.Errorf("%s is %v", one, p.series[one])
			}
		}
	}
	p.want(t, map[string]float64{`revoker_ready{}`: 0, `revoker_redis_up{}`: 1})
}

func TestAttemptsAreCounted(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	handler := m.Handler(subject(redistest.Embedded(t), &fake{}))
	before := scrape(t, handler)
	for _, ended := range []revoke.Ended{
		{PG: tasks.KCP, Status: outcome.Retrying, Reason: outcome.ReasonPGFailure, Recorded: true},
		{PG: tasks.KCP, Status: outcome.Revoked, Reason: outcome.ReasonRevoked, Recorded: true},
		{PG: tasks.KCP, Status: outcome.Revoked, Reason: outcome.ReasonRevoked}, // another attempt was first
		{PG: "newpay", Status: outcome.Dead, Reason: outcome.ReasonRefused, Recorded: true},
		{PG: `evil"}`, Status: outcome.Dead, Reason: outcome.ReasonRefused, Recorded: true},
		{PG: tasks.KCP, Status: outcome.Retrying}, // put back: the process stops
	} {
		m.OnAttempt(ended)
	}
	p := scrape(t, handler)
	p.want(t, map[string]float64{
		`revoker_attempts_total{pg="kcp",reason="pg_failure"}`: 1,
		`revoker_attempts_total{pg="kcp",reason="revoked"}`:    2,
		`revoker_attempts_total{pg="none",reason="refused"}`:   2,
		`revoker_outcomes_total{pg="kcp",reason="revoked"}`:    1,
		`revoker_outcomes_total{pg="none",reason="refused"}`:   2,
	})
	if len(p.series) != len(before.series) {
		t.Errorf("%d series have become %d", len(before.series), len(p.series))
	}
}

func TestCallsAreCountedUnderBoundedLabels(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	handler := m.Handler(subject(redistest.Embedded(t), &fake{}))
	before := scrape(t, handler)
	for status := range 600 {
		m.OnCall(iamport.Exchange{Op: iamport.OpRevoke, Status: status})
	}
	failed := func(status int, err error) iamport.Exchange {
		failure := &iamport.Error{Op: iamport.OpToken, Status: status, Err: err}
		if err == nil {
			failure.Code = new(-1)
		}
		return iamport.Exchange{Op: iamport.OpToken, Status: status, Err: failure}
	}
	for _, call := range []iamport.Exchange{
		{Op: iamport.OpToken, Status: http.StatusOK},
		failed(http.StatusUnauthorized, nil),
		failed(http.StatusOK, nil), // a code other than 0
		failed(http.StatusOK, errors.New("unreadable")), failed(http.StatusUnauthorized, errors.New("a page of a proxy")),
		failed(http.StatusTooManyRequests, nil), failed(http.StatusBadGateway, nil), failed(0, errors.New("refused")),
	} {
		m.OnCall(call)
	}
	p := scrape(t, handler)
	p.want(t, map[string]float64{
		`revoker_api_request_seconds{operation="revoke",status="200"}`:   1,
		`revoker_api_request_seconds{operation="revoke",status="none"}`:  1,
		`revoker_api_request_seconds{operation="revoke",status="other"}`: 600 - 12,
		`revoker_token_refreshes_total{result="ok"}`:                     1,
		`revoker_token_refreshes_total{result="refused"}`:                2,
		`revoker_token_refreshes_total{result="failed"}`:                 5,
	})
	if len(p.series) != len(before.series) {
		t.Errorf("%d series have become %d", len(before.series), len(p.series))
	}
}

func TestQueuesAndBatchesAreBounded(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	names := []any{"default", "receipts", "receipts-bulk-kcp", "receipts-\xff", "receipts-" + strings.Repeat("x", 100)}
	for i := range 100 {
		names = append(names, fmt.Sprintf("receipts-new%02d", i))
	}
	if err := client.SAdd(t.Context(), "asynq:queues", names...).Err(); err != nil {
		t.Fatal(err)
	}
	store := outcome.NewStore(client, outcome.Config{})
	for i := range 30 {
		askFor(t, store, fmt.Sprint("b", i), "")
	}
	p := scrapeWhole(t, metrics.New().Handler(subject(client, &fake{})))
	queues := p.has("revoker_queue_oldest_seconds")
	if len(queues) < 40 || len(queues) > 50 {
		t.Errorf("%d queues are shown, want at most 50", len(queues))
	}
	p.want(t, map[string]float64{
		`revoker_queue_oldest_seconds{pg="none",queue="receipts"}`:         0,
		`revoker_queue_oldest_seconds{pg="kcp",queue="receipts-bulk-kcp"}`: 0,
		`revoker_queue_oldest_seconds{pg="none",queue="receipts-new01"}`:   0,
	})
	if strings.Contains(p.text, `queue="default"`) || strings.Contains(p.text, "xxxx") {
		t.Error("a queue is shown that is not ours, or has too long a name")
	}
	if batches := p.has("revoker_batch_lines"); len(batches) != 20*3 {
		t.Errorf("%d series of batches, want 3 for each of 20", len(batches))
	}
}

// In a cluster, what a script touches must be on one node.
func TestScrapeOfACluster(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t)
	for i, queue := range []string{"receipts", "receipts-kcp", "receipts-bulk-nice"} {
		enqueue(t, client, queue, i)
	}
	store := outcome.NewStore(client, outcome.Config{})
	askFor(t, store, "refunds", tasks.KCP)
	p := scrape(t, metrics.New().Handler(subject(client, &fake{})))
	p.want(t, map[string]float64{
		`revoker_redis_up{}`: 1,
		`revoker_queue_tasks{pg="none",queue="receipts",state="pending"}`:           1,
		`revoker_queue_tasks{pg="kcp",queue="receipts-kcp",state="pending"}`:        1,
		`revoker_queue_tasks{pg="nice",queue="receipts-bulk-nice",state="pending"}`: 1,
		`revoker_batch_lines{batch="refunds",state="open"}`:                         1,
	})
}
