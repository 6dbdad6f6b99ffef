package metrics

import (
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/revoke"
)

// operations are the labels of the API's calls.
var operations = map[iamport.Op]string{
	iamport.OpToken: "token", iamport.OpRevoke: "revoke", iamport.OpLookup: "lookup",
}

// statuses are the HTTP statuses with a label of their own: those that PortOne documents, and those of
// a gateway or a proxy that is down.
var statuses = []int{200, 400, 401, 403, 404, 429, 500, 501, 502, 503, 504}

const (
	// otherStatus is of all the rest: statuses come from outside, and each label is a series.
	otherStatus = "other" // one that PortOne does not document, so that labels stay few
	// noStatus is of calls without an answer.
	noStatus = "none"
)

// buckets are the bounds of durations, in seconds, from what an answer of PortOne's own takes to the 60
// after which a call is given up by default. A longer --timeout needs a further bound, or all above 60
// is one bucket.
var buckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// The results of asking for a token.
const (
	// tokenOK: PortOne gave one.
	tokenOK = "ok"
	// tokenRefused: PortOne refuses the credentials, which a person must mend; an alert
	// rests on it.
	tokenRefused = "refused"
	// tokenFailed: no answer, or one that tells nothing of the credentials; it may pass.
	tokenFailed = "failed"
)

// calls counts the calls of the API.
type calls struct {
	seconds *prometheus.HistogramVec
	tokens  *prometheus.CounterVec
}

// newCalls returns counters with all their series: a rate over one that appears with its first count
// misses that count.
func newCalls() *calls {
	c := &calls{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "revoker_api_request_seconds",
			Help: "Seconds that a call of PortOne took. operation is token, revoke or lookup; " +
				"status is none where no answer came.",
			Buckets: buckets,
		}, []string{"operation", "status"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "revoker_token_refreshes_total",
			Help: "Tokens requested from PortOne: ok; refused, check the credentials; failed, no usable answer.",
		}, []string{"result"}),
	}
	for _, operation := range operations {
		for _, status := range statuses {
			c.seconds.WithLabelValues(operation, strconv.Itoa(status))
		}
		c.seconds.WithLabelValues(operation, otherStatus)
		c.seconds.WithLabelValues(operation, noStatus)
	}
	for _, result := range []string{tokenOK, tokenRefused, tokenFailed} {
		c.tokens.WithLabelValues(result)
	}
	return c
}

// count counts a call, and how one for a token ended.
func (c *calls) count(call iamport.Exchange) {
	c.seconds.WithLabelValues(operations[call.Op], statusLabel(call.Status)).Observe(call.Took.Seconds())
	if call.Op == iamport.OpToken {
		c.tokens.WithLabelValues(tokenResult(call)).Inc()
	}
}

// statusLabel returns the label of an HTTP status, 0 for no answer.
func statusLabel(status int) string {
	switch {
	case status == 0:
		return noStatus
	case slices.Contains(statuses, status):
		return strconv.Itoa(status)
	}
	return otherStatus
}

// tokenResult tells a token that was refused, which a person must mend, from one about which there was
// no answer, or none but to ask later.
func tokenResult(call iamport.Exchange) string {
	switch {
	case call.Err == nil:
		return tokenOK
	case revoke.Reason(call.Err) == outcome.ReasonUnauthorized:
		return tokenRefused
	}
	return tokenFailed
}
