package config

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
)

// Worker is how a worker works.
type Worker struct {
	Concurrency int
	Poll        time.Duration
	Schedule    backoff.Schedule
	Gate        Gate
	// AcceptAccount is [worker.Config]'s.
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

// Validate returns an error that names the setting that makes no sense.
func (w *Worker) Validate() error {
	switch {
	case w.Concurrency < 1:
		return fmt.Errorf("--concurrency %d must be at least 1", w.Concurrency)
	case w.Poll < time.Millisecond:
		return fmt.Errorf("--poll %v must be at least 1ms", w.Poll)
	}
	return cmp.Or(flagged(w.Schedule.Validate()), w.Gate.Validate())
}
