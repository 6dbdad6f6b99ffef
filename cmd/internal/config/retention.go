package config

import (
	"time"

	"github.com/spf13/pflag"

	"receiptrevoker/enqueue"
)

// Retention is how long finished tasks stay visible in the Asynq web UI. It does not
// concern outcomes, which live for --outcome-ttl. Each finished task costs Redis memory
// until then: at 35 revocations a second an hour is 126,000 tasks.
type Retention struct{ value time.Duration }

// Flags registers the setting.
func (r *Retention) Flags(f *pflag.FlagSet) {
	f.DurationVar(&r.value, "retention", enqueue.DefaultRetention,
		"how long a finished task stays visible in the Asynq web UI, 0 for not at all")
	env(f, "retention", "REVOKER_RETENTION")
}

// Duration returns the setting as [enqueue.Config] wants it. There 0 means the default, an
// hour; a user who sets 0 means none, which is a negative number there.
func (r *Retention) Duration() time.Duration {
	if r.value <= 0 {
		return -1
	}
	return r.value
}
