package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"receiptrevoker/tasks/backlog"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	gateClosed    = describe("revoker_gate_closed", "1 while the gate before a gateway is closed, or before all of them.", "pg")
	queueTasks    = describe("revoker_queue_tasks", "Tasks in a queue, by their state.", "queue", "state")
	queueOldest   = describe("revoker_queue_oldest_seconds", "For how long the oldest pending task of a queue has waited.", "queue")
	deadLetters   = describe("revoker_dead_letters", "Dead letters on the list.")
	openOutcomes  = describe("revoker_open_outcomes", "Revocations that were begun and have not ended.")
	overdue       = describe("revoker_overdue_outcomes", "Open ones that nobody has gone on with for a minute although it was time.")
	batchLines    = describe("revoker_batch_lines", "Receipts of batches that have not finished, by what they have come to.", "batch", "state")
	redisUp       = describe("revoker_redis_up", "1 if Redis answered when it was last asked.")
	ready         = describe("revoker_ready", "1 while the worker can work; /readyz says why not.")
	ofTheWorker   = []*prometheus.Desc{gateClosed, redisUp, ready}
	fromRedisOnly = []*prometheus.Desc{queueTasks, queueOldest, deadLetters, openOutcomes, overdue, batchLines}
)

// collector shows what the worker says and what was last read from Redis. What
// Redis did not say is left out: the last that it said is not what is.
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
	last := c.readings.latest()
	s.gauge(redisUp, flag(last.err == nil))
	s.gauge(ready, flag(last.ready))
	for name, state := range c.worker.Gates() {
		s.gauge(gateClosed, flag(state.Closed), gateLabel(name))
	}
	if last.err != nil {
		return
	}
	s.queues(last.queues)
	s.gauge(deadLetters, float64(last.overview.Dead))
	s.gauge(openOutcomes, float64(last.overview.Open))
	s.gauge(overdue, float64(last.overview.Overdue))
	s.batches(last.overview.Batches)
}

// sink takes metrics.
type sink chan<- prometheus.Metric

// gauge takes a gauge, unless somebody wrote a name to Redis that can be no
// label: one such name must not hide everything else.
func (s sink) gauge(desc *prometheus.Desc, value float64, labels ...string) {
	if metric, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, value, labels...); err == nil {
		s <- metric
	}
}

func (s sink) queues(queues []backlog.Queue) {
	for _, q := range queues {
		s.gauge(queueTasks, float64(q.Pending), q.Name, "pending")
		s.gauge(queueTasks, float64(q.Active), q.Name, "active")
		s.gauge(queueTasks, float64(q.Scheduled), q.Name, "scheduled")
		s.gauge(queueTasks, float64(q.Retry), q.Name, "retry")
		s.gauge(queueTasks, float64(q.Archived), q.Name, "archived")
		s.gauge(queueOldest, q.Oldest(time.Now()).Seconds(), q.Name)
	}
}

func (s sink) batches(batches []outcome.Batch) {
	for _, b := range batches {
		s.gauge(batchLines, float64(b.Open), b.Name, "open")
		s.gauge(batchLines, float64(b.Revoked), b.Name, "revoked")
		s.gauge(batchLines, float64(b.Dead), b.Name, "dead")
	}
}

// gateLabel returns the label of a gate: of the one before tasks without a
// gateway that of such tasks.
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
