package asynqkeys

import (
	"strings"

	"receiptrevoker/tasks"
)

// Pattern is a pattern of keys, as ACL SETUSER takes it, and the ends of keys that it must
// match. QUEUE stands for asynq:{ and the prefix of all queues of a namespace.
type Pattern struct {
	Keys string
	Ends []string
}

// In returns what stands for the pattern in a namespace.
func (p Pattern) In(namespace string) string {
	prefix, _ := strings.CutSuffix(Key(tasks.Queue{}.In(namespace).Name(), ""), "}:")
	return strings.ReplaceAll(p.Keys, "QUEUE", prefix)
}

var (
	registryKey = Pattern{Registry, []string{""}}
	serverKeys  = Pattern{servers + "*", []string{"", ":{trial}"}}

	// AllKeys are all of Asynq's.
	AllKeys = Pattern{"asynq:*", []string{"queues", "servers", "{receipts-kcp}:pending"}}
	// ServerWrites are the keys that Asynq's server writes, and what repairs its tasks.
	ServerWrites = []Pattern{
		registryKey,
		{"QUEUE*", []string{"}:pending", "-bulk-kcp}:active"}},
		serverKeys,
		{"asynq:workers*", []string{"", ":{trial}"}},
	}
	// ProducerWrites are the keys that a [Producer] writes.
	ProducerWrites = []Pattern{
		registryKey,
		{"QUEUE*}:t:*", []string{"}:t:trial", "-bulk-kcp}:t:trial"}},
		{"QUEUE*}:pending", []string{"}:pending", "-bulk-kcp}:pending"}},
		{"QUEUE*}:archived", []string{"}:archived"}},
		{"QUEUE*}:completed", []string{"}:completed"}},
		{"QUEUE*}:retry", []string{"}:retry"}},
		{"QUEUE*}:scheduled", []string{"}:scheduled"}},
		{"QUEUE*}:unique:*", []string{"}:unique:trial"}},
	}
	// ProducerReads are the keys that a [Producer] only reads.
	ProducerReads = []Pattern{{"QUEUE*}:paused", []string{"}:paused"}}, serverKeys}
)
