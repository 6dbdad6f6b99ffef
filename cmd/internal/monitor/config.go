package monitor

import (
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/cmd/internal/monitor/login"
	"receiptrevoker/tasks/outcome"
)

// AsynqPath is where the Asynq web UI is. Asynqmon puts it into its own page and links.
const AsynqPath = "/asynq"

// Config is what a site shows, and to whom. Redis, Outcomes and Access are required.
type Config struct {
	// Redis is where the tasks are. The caller closes it after the site.
	Redis redis.UniversalClient
	// Outcomes is the store of the outcomes, on the same Redis. Its namespace is the one
	// whose queues are shown and may be changed.
	Outcomes *outcome.Store
	// Gates tells how the gates are. If it is nil, the page shows none.
	Gates Gates
	// Access is whom the site admits; it is required. With a token alone the site answers
	// only requests whose Host is a loopback address, and none that a proxy forwards.
	Access login.Access
	// AllowActions allows users of the role act to change queues and tasks in the Asynq web
	// UI, but for those of other namespaces. It needs such a user. Default: the site only
	// shows.
	AllowActions bool
	// Log is told from which address a person logs in or gives a wrong password, and what
	// people change. Default [slog.Default].
	Log *slog.Logger
	// Now is the clock of readings, sessions and throttles. Default [time.Now]; tests set
	// it.
	Now func() time.Time
}
