package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/revoke"
)

// noGateway is the label of tasks without a gateway that is known.
const noGateway = "none"

// label returns a gateway's label. An unknown code gets none of its own: it comes from a producer, so
// that there may be any number of them, and each label is a series that Prometheus keeps.
func label(pg tasks.Gateway) string {
	if pg.Known() {
		return string(pg)
	}
	return noGateway
}

// gateways returns all labels of gateways, in one order.
func gateways() []string {
	all := []string{noGateway}
	for _, pg := range tasks.Gateways() {
		all = append(all, label(pg))
	}
	return all
}

// attempts counts how attempts ended.
type attempts struct{ outcomes, attempts *prometheus.CounterVec }

// newAttempts returns counters with a series for each gateway and each reason with which an attempt can
// end. A series that is there from the start, as 0, shows its first count as an increase. No attempt
// ends with what a person states.
func newAttempts() *attempts {
	a := &attempts{
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "revoker_outcomes_total", Help: "Terminal outcomes that this process has written.",
		}, []string{"reason", "pg"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "revoker_attempts_total", Help: "Attempts that have ended, by the reason with which they ended.",
		}, []string{"pg", "reason"}),
	}
	for _, pg := range gateways() {
		for _, reason := range outcome.TerminalReasons() {
			if reason.Stated() {
				continue
			}
			a.outcomes.WithLabelValues(string(reason), pg)
			a.attempts.WithLabelValues(pg, string(reason))
		}
		for _, reason := range outcome.RetryingReasons() {
			a.attempts.WithLabelValues(pg, string(reason))
		}
	}
	return a
}

// count counts an attempt. An outcome counts only if this process has written it: another may have
// ended the request meanwhile.
func (a *attempts) count(ended revoke.Ended) {
	if ended.Reason == "" {
		// The attempt was put back before it made a call.
		return
	}
	pg, reason := label(ended.PG), string(ended.Reason)
	a.attempts.WithLabelValues(pg, reason).Inc()
	if ended.Recorded && ended.Status.Terminal() {
		a.outcomes.WithLabelValues(reason, pg).Inc()
	}
}
