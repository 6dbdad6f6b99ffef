package tasks

import "strings"

// DefaultNamespace is the namespace whose queues have no prefix.
const DefaultNamespace = "receipt"

// Key returns the name of a key of a namespace in Redis, {namespace}:name. The braces keep
// all keys of a namespace on one node of a Redis Cluster.
func Key(namespace, name string) string { return "{" + namespace + "}:" + name }

const (
	queuePrefix = "receipts" // begins every name, so that an Asynq of others is left alone
	bulkInfix   = "-bulk"    // is in those of lists
	// afterNamespace ends the prefix of another namespace. No gateway's code has one.
	afterNamespace = ":"
)

// Queue is where a revocation waits. Each gateway has a queue of its own for
// single revocations and another for batches, so that neither a million lines
// nor another gateway's failure stands in front of a single request.
type Queue struct {
	// Namespace is whose queue it is, of all who share a Redis: that of one PortOne
	// account. It is empty for [DefaultNamespace].
	Namespace string
	PG        Gateway
	Bulk      bool
}

// QueueOf returns the queue of [DefaultNamespace] on which r belongs: that of its
// gateway, or the common one if the gateway is not among the known ones; the bulk one
// if r belongs to a batch.
func QueueOf(r Revocation) Queue {
	q := Queue{Bulk: r.Batch != ""}
	if pg, known := ParseGateway(string(r.PG)); known {
		q.PG = pg
	}
	return q
}

// Queues returns all queues of a namespace: both of no known gateway, and both of every
// known one, whether or not anything was ever enqueued on them.
func Queues(namespace string) []Queue {
	var all []Queue
	for _, pg := range append([]Gateway{""}, Gateways()...) {
		for _, bulk := range []bool{false, true} {
			all = append(all, Queue{PG: pg, Bulk: bulk}.In(namespace))
		}
	}
	return all
}

// In returns the queue of the same kind in a namespace.
func (q Queue) In(namespace string) Queue {
	q.Namespace = namespace
	if namespace == DefaultNamespace {
		q.Namespace = ""
	}
	return q
}

// IsIn reports whether the queue is one of a namespace.
func (q Queue) IsIn(namespace string) bool { return q == q.In(namespace) }

// Name returns the queue's name in Asynq, such as receipts, receipts-kcp,
// receipts-bulk-kcp, or acme:receipts-kcp in the namespace acme.
func (q Queue) Name() string {
	namespace, bulk, separator := "", "", ""
	if q = q.In(q.Namespace); q.Namespace != "" {
		namespace = q.Namespace + afterNamespace
	}
	if q.Bulk {
		bulk = bulkInfix
	}
	if q.PG != "" {
		separator = "-"
	}
	return namespace + queuePrefix + bulk + separator + string(q.PG)
}

// ParseQueue returns the queue of that name, of whichever namespace, and false if it
// is not one of this project's. Suffixes need not be known gateways: a newer producer
// may know more.
func ParseQueue(name string) (Queue, bool) {
	var q Queue
	if i := strings.LastIndex(name, afterNamespace); i >= 0 {
		q.Namespace, name = name[:i], name[i+1:]
		if q.Namespace == "" || q.Namespace == DefaultNamespace {
			return Queue{}, false // which no queue of ours is called
		}
	}
	rest, ok := strings.CutPrefix(name, queuePrefix)
	if !ok {
		return Queue{}, false
	}
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
