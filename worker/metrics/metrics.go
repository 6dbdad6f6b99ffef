// Package metrics shows Prometheus how a worker is: what it has done since it started, and what waits
// in Redis. Counters are of this process, and gauges of what is in Redis, which all workers show alike:
// deploy/REFERENCE.md says which to add up.
package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/revoke"
)

// Metrics counts what a worker does. Its methods are what the worker and its clients call; see
// [Metrics.OnAttempt], [Metrics.OnCall] and [Metrics.Hook]. They are safe for concurrent use.
type Metrics struct {
	registry    *prometheus.Registry
	attempts    *attempts
	calls       *calls
	redisErrors *prometheus.CounterVec
}

// New returns metrics that count from now on. Every series that they are sure to have is there from the
// start, as 0, so that the first of anything is seen as an increase. The registry is their own: a
// second New in a process, as in tests, is no duplicate.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), attempts: newAttempts(), calls: newCalls(), redisErrors: newRedisErrors(),
	}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(m.counted()...)
	return m
}

// OnAttempt counts an attempt. It is for [receiptrevoker/worker.Config].
func (m *Metrics) OnAttempt(ended revoke.Ended) { m.attempts.count(ended) }

// OnCall counts a call. It is for [iamport.Config].
func (m *Metrics) OnCall(call iamport.Exchange) { m.calls.count(call) }

// Hook counts the commands that Redis does not carry out. It is for the client that the worker is
// given.
func (m *Metrics) Hook() redis.Hook { return hook{m.redisErrors} }

// counted returns what this process counts, and what it was built from.
func (m *Metrics) counted() []prometheus.Collector {
	return []prometheus.Collector{
		m.attempts.outcomes, m.attempts.attempts, m.calls.seconds, m.calls.tokens, m.redisErrors, buildInfo(),
	}
}

// Describe sends the descriptions of all metrics but those of Go and of the process. The
// documentation is made from them.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range append(m.counted(), collector{}) {
		c.Describe(ch)
	}
}

// Handler answers scrapes of /metrics with what was counted and what the worker
// and Redis say. It may be called once.
func (m *Metrics) Handler(subject Subject) http.Handler {
	readings := newReadings(subject)
	m.registry.MustRegister(collector{readings: readings, worker: subject.Worker})
	page := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		readings.refresh(r.Context())
		page.ServeHTTP(w, r)
	})
}
