package outcome

import "receiptrevoker/tasks"

// Key is one of this project's keys in Redis, or one for each of what stands in <> in its name.
type Key struct {
	Name string // behind the namespace in braces and a colon
	Type string // of Redis
	What string
	By   string // who writes it
}

// Keys returns all of this project's keys, also those that other packages write.
func Keys() []Key {
	return []Key{
		{"outcome:<imp_uid>", "hash", "the outcome", "workers; people who retry or settle"},
		{"request:<imp_uid>", "hash", "what is requested, and by whom", "producers, workers, people"},
		{"open", "sorted set", "every open request, by the time of its next attempt; " +
			"cancelled ones by the negative time", "producers, workers, people"},
		{"outcomes", "stream", "an entry for every outcome that becomes revoked or dead, or is settled, at least once, " +
			"with the same fields", "workers; people who settle"},
		{"dead", "sorted set", "every dead letter by time", "workers; people who retry, settle or discard"},
		{"batch:<name>", "hash", "the counts of a batch, queued:<pg> elsewhere:<pg> repeated: invalid: " +
			"revoked:<reason>:<pg> dead:<reason>:<pg>, and its times", "producers, workers, people"},
		{"batch:<name>:rows", "string", "five bytes a line, by which a list is recognised", "producers"},
		{"batch:<name>:counted", "string", "one bit a line, which prevents counting twice", "producers, workers, people"},
		{"batch-index", "sorted set", "all batches", "producers"},
		{"batches", "stream", "an entry for each time a batch finishes", "producers, workers, people"},
		{"gate:<gateway>", "hash", "a gate that was used in the last day, - for tasks without a known gateway, " +
			"portone for PortOne's", "workers; people who resume"},
		{"gate:<gateway>:failed", "sorted set", "the receipts that failed since the last success, by time", "workers"},
		{"gate:<gateway>:released", "sorted set", "the receipts that are retried at once since the gate opened", "workers"},
		{"hold", "string", "set while PortOne wants no calls (Retry-After)", "workers"},
		{"rate", "string", "when --rate allows the next call, in microseconds", "workers"},
		{"rate:<gateway>", "string", "when the limit of a gateway allows the next call, in microseconds", "workers"},
		{"lead:sweeper", "string", "which worker sweeps", "workers"},
		{"worker:<process>", "string", "a heartbeat: a worker raises it five times a second, once while idle", "workers"},
		{"lossy", "string", "until when, in milliseconds, lookups come first, since Redis lost data", "workers"},
		{"account", "hash", "fingerprints of the PortOne account, and the key under which they are made", "workers"},
		{"wake", "channel", "the names of queues that have got a task", "producers, workers, people"},
		{"doctor", "string", "written for a second, to see whether Redis takes writes", "doctor"},
		{"trial", "string", "written for a second, to see what a user of Redis may do", "workers, people"},
		{"batch:trial", "string", "written for a second, to see what a user of Redis may do", "producers"},
	}
}

func (s *Store) key(name string) string { return tasks.Key(s.config.Namespace, name) }

// outcomeKey is the hash of an imp_uid's outcome, and requestKey of what is asked for it.
func (s *Store) outcomeKey(impUID string) string { return s.key("outcome:" + impUID) }
func (s *Store) requestKey(impUID string) string { return s.key("request:" + impUID) }
func (s *Store) openKey() string                 { return s.key("open") }
func (s *Store) streamKey() string               { return s.key("outcomes") }
func (s *Store) deadKey() string                 { return s.key("dead") }
func (s *Store) batchKey(name string) string     { return s.key("batch:" + name) }
func (s *Store) rowsKey(name string) string      { return s.batchKey(name) + ":rows" }
func (s *Store) batchIndexKey() string           { return s.key("batch-index") }
func (s *Store) batchesKey() string              { return s.key("batches") }
