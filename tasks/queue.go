package tasks

import "strings"

const (
	queuePrefix = "receipts"
	bulkInfix   = "-bulk"
)

// Queue is where a revocation waits. Each gateway has a queue of its own for
// single revocations and another for batches, so that neither a million lines
// nor another gateway's failure stands in front of a single request.
type Queue struct {
	PG   Gateway
	Bulk bool
}

// QueueOf returns the queue on which r belongs: that of its gateway, or the
// common one if the gateway is not among the known ones; the bulk one if r
// belongs to a batch.
func QueueOf(r Revocation) Queue {
	q := Queue{Bulk: r.Batch != ""}
	if r.PG.Known() {
		q.PG = r.PG
	}
	return q
}

// Name returns the queue's name in Asynq, such as receipts, receipts-kcp or
// receipts-bulk-kcp.
func (q Queue) Name() string {
	bulk, separator := "", ""
	if q.Bulk {
		bulk = bulkInfix
	}
	if q.PG != "" {
		separator = "-"
	}
	return queuePrefix + bulk + separator + string(q.PG)
}

// ParseQueue returns the queue of that name, and false if it is not one of
// ours. Suffixes need not be known gateways: a newer producer may know more.
func ParseQueue(name string) (Queue, bool) {
	rest, ok := strings.CutPrefix(name, queuePrefix)
	if !ok {
		return Queue{}, false
	}
	var q Queue
	if after, ok := strings.CutPrefix(rest, bulkInfix); ok && (after == "" || after[0] == '-') {
		q.Bulk, rest = true, after
	}
	if rest == "" {
		return q, true
	}
	pg, ok := strings.CutPrefix(rest, "-")
	q.PG = Gateway(pg)
	return q, ok && pg != ""
}
