package config

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
)

// Worker has the settings of how a worker works. Their defaults are the worker's own, so
// that a program that uses package worker and a user of the command get the same.
type Worker struct {
	// Concurrency is how many calls one process makes at a time to each gateway, at least
	// 1.
	Concurrency int
	// Poll is how often idle workers look for tasks, at least a millisecond. Producers tell
	// of their tasks, so it matters only for tasks of other programs and for messages that
	// were lost.
	Poll time.Duration
	// Schedule is when a failed attempt is repeated, --retry-attempts, --retry-base and
	// --retry-max.
	Schedule backoff.Schedule
	// Gate should be the same for all workers of a namespace: they share the gates and
	// limits, and each acts by its own settings.
	Gate Gate
	// AcceptAccount is [worker.Config]'s, which says what it does.
	AcceptAccount bool
}

// Flags registers the settings.
func (w *Worker) Flags(f *pflag.FlagSet) {
	f.IntVar(&w.Concurrency, "concurrency", worker.DefaultConcurrency, "calls at a time, per gateway and process")
	env(f, "concurrency", "REVOKER_CONCURRENCY")
	f.DurationVar(&w.Poll, "poll", worker.DefaultPoll, "how often idle workers look for tasks of which no producer told")
	env(f, "poll", "REVOKER_POLL")
	f.IntVar(&w.Schedule.Attempts, "retry-attempts", backoff.DefaultAttempts,
		"DELETE calls per imp_uid before it is given up")
	env(f, "retry-attempts", "REVOKER_RETRY_ATTEMPTS")
	f.DurationVar(&w.Schedule.Base, "retry-base", backoff.DefaultBase,
		"delay after the first failed attempt; it doubles each time")
	env(f, "retry-base", "REVOKER_RETRY_BASE")
	f.DurationVar(&w.Schedule.Max, "retry-max", backoff.DefaultMax, "longest delay between two attempts")
	env(f, "retry-max", "REVOKER_RETRY_MAX")
	w.Gate.Flags(f)
	f.BoolVar(&w.AcceptAccount, "accept-account", false,
		"start although the namespace's workers call PortOne with another account")
	env(f, "accept-account", "REVOKER_ACCEPT_ACCOUNT")
}

// Validate returns an error that names the setting that is out of range, the first of
// several. The command calls it before it connects, and exits with 2: a unit of systemd is
// then not restarted.
func (w *Worker) Validate() error {
	switch {
	case w.Concurrency < 1:
		return fmt.Errorf("--concurrency %d must be at least 1", w.Concurrency)
	case w.Poll < time.Millisecond:
		return fmt.Errorf("--poll %v must be at least 1ms", w.Poll)
	}
	return cmp.Or(flagged(w.Schedule.Validate()), w.Gate.Validate())
}
