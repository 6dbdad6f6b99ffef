package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// The texts are the help of each metric, and the rows of the table in deploy/REFERENCE.md, which is
// generated from them. Alerts, the dashboard and the runbook name these metrics: a test in deploy
// compares them.
var (
	gateClosed = describe("revoker_gate_closed",
		"1 while the gate of a gateway is closed; pg is portone for the gate before PortOne itself.", "pg")
	gateClosures = describe("revoker_gate_closures_total",
		"How often this process has closed the gate of a gateway.", "pg")
	gateFailed = describe("revoker_gate_failed_receipts",
		"Different receipts that failed since the last success of a gateway; its gate closes at --gate-receipts.", "pg")
	gateWaived = describe("revoker_gate_waived",
		"1 while the gate of a gateway stays open although nothing has succeeded for twelve hours.", "pg")
	held = describe("revoker_hold_seconds",
		"Seconds until PortOne accepts calls again, by its last Retry-After; 0 if it asked for none.")
	queueTasks = describe("revoker_queue_tasks",
		"Tasks in a queue, by state: pending, active, scheduled, retry or archived.", "queue", "pg", "state")
	queueOldest = describe("revoker_queue_oldest_seconds",
		"Seconds for which the oldest pending task of a queue has waited.", "queue", "pg")
	queuePaused = describe("revoker_queue_paused",
		"1 while a queue is paused, by its gateway's gate or by a person.", "queue", "pg", "by")
	deadLetters  = describe("revoker_dead_letters", "Dead letters on the list.")
	openOutcomes = describe("revoker_open_outcomes", "Requests without a terminal outcome.")
	overdue      = describe("revoker_overdue_outcomes",
		"Open requests that no worker has attempted for a minute although their time has come.")
	batchLines = describe("revoker_batch_lines",
		"Receipts of a batch that are open, revoked or dead: the latest 100 batches, 20 of them unfinished.",
		"batch", "state")
	batchHeld    = describe("revoker_batch_held_lines", "Open receipts of a batch whose queue is paused.", "batch")
	olderWorkers = describe("revoker_older_workers",
		"Processes that serve the queues and do not understand every field of a task: an older version, or another program.")
	redisUp       = describe("revoker_redis_up", "1 if Redis answered the reading of this scrape.")
	ready         = describe("revoker_ready", "1 while /readyz answers 200; otherwise it says why not.")
	ofTheWorker   = []*prometheus.Desc{gateClosed, gateClosures, gateFailed, gateWaived, redisUp, ready}
	fromRedisOnly = []*prometheus.Desc{
		queueTasks, queueOldest, queuePaused, deadLetters, openOutcomes, overdue, batchLines, batchHeld, olderWorkers, held,
	}
)

// collector shows what the worker says and what was last read from Redis. What Redis did not say is
// left out: a value of some time ago would be taken for one of now.
type collector struct {
	readings *readings
	worker   Worker
}

// Describe implements [prometheus.Collector].
func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range slices.Concat(ofTheWorker, fromRedisOnly) {
		ch <- desc
	}
}

// Collect implements [prometheus.Collector].
func (c collector) Collect(ch chan<- prometheus.Metric) {
	s := sink(ch)
	last := c.readings.last.Load()
	s.gauge(redisUp, flag(last.err == nil))
	s.gauge(ready, flag(last.ready))
	for name, state := range c.worker.Gates() {
		s.gauge(gateClosed, flag(state.Closed), gateLabel(name))
		s.metric(gateClosures, prometheus.CounterValue, float64(state.Closures), gateLabel(name))
		s.gauge(gateFailed, float64(state.Failed), gateLabel(name))
		s.gauge(gateWaived, flag(state.Waived), gateLabel(name))
	}
	if last.err != nil {
		return
	}
	s.gauge(held, last.hold.Seconds())
	s.queues(last.queues)
	s.gauge(deadLetters, float64(last.overview.Dead))
	s.gauge(openOutcomes, float64(last.overview.Open))
	s.gauge(overdue, float64(last.overview.Overdue))
	s.gauge(olderWorkers, float64(len(last.older)))
	s.batches(last.overview.Batches, last.queues)
}

// sink takes metrics on their way to Prometheus' client.
type sink chan<- prometheus.Metric

func (s sink) gauge(desc *prometheus.Desc, value float64, labels ...string) {
	s.metric(desc, prometheus.GaugeValue, value, labels...)
}

// metric takes a metric, unless Redis holds a name that can be no label: one such name must not hide
// everything else. Prometheus refuses labels that are no UTF-8.
func (s sink) metric(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
	if metric, err := prometheus.NewConstMetric(desc, kind, value, labels...); err == nil {
		s <- metric
	}
}

// queues shows what is in the queues and who has paused them. A queue that is not paused shows 0 for
// both, so that an alert on it can end.
func (s sink) queues(queues []queue) {
	for _, q := range queues {
		for state, count := range map[string]int64{
			"pending": q.Pending, "active": q.Active, "scheduled": q.Scheduled, "retry": q.Retry, "archived": q.Archived,
		} {
			s.gauge(queueTasks, float64(count), q.Name, label(q.pg), state)
		}
		s.gauge(queueOldest, q.Oldest(time.Now()).Seconds(), q.Name, label(q.pg))
		s.gauge(queuePaused, flag(q.pause.Paused && q.pause.Gate != ""), q.Name, label(q.pg), "gate")
		s.gauge(queuePaused, flag(q.pause.Paused && q.pause.Gate == ""), q.Name, label(q.pg), "person")
	}
}

// batches shows how far batches have come, and how much of them waits in paused queues. Batches are the
// only label with any number of values: the store returns the latest 100.
func (s sink) batches(batches []outcome.Batch, queues []queue) {
	pauses := make([]pause.Pause, len(queues))
	for i, q := range queues {
		pauses[i] = q.pause
	}
	for _, b := range batches {
		s.gauge(batchLines, float64(b.Open), b.Name, "open")
		s.gauge(batchLines, float64(b.Revoked), b.Name, "revoked")
		s.gauge(batchLines, float64(b.Dead), b.Name, "dead")
		s.gauge(batchHeld, float64(pause.Held(pause.Holds(b.OpenOf(), pauses))), b.Name)
	}
}

// gateLabel returns the label of a gate. The gate before tasks without a known gateway has the label of
// such tasks.
func gateLabel(name gate.Name) string {
	if name == gate.Unknown {
		return noGateway
	}
	return string(name)
}

func flag(set bool) float64 {
	if set {
		return 1
	}
	return 0
}
