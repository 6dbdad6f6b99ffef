package monitor

import (
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/outcome"
)

// AsynqPath is where the Asynq web UI is.
const AsynqPath = "/asynq"

// Config is what a site shows, and to whom.
type Config struct {
	// Redis is where the tasks are.
	Redis redis.UniversalClient
	// Outcomes are theirs.
	Outcomes *outcome.Store
	// Gates tells how the gates stand. Without it the page has none.
	Gates Gates
	// PasswordHash is the bcrypt hash of the password that admits people; see
	// [login.Hash]. Without it the site asks for no password, and answers
	// only those who call it by a loopback address.
	PasswordHash string
	// AllowActions allows people to change queues and tasks in the Asynq web UI. It
	// needs a password.
	AllowActions bool
	// Log is told who comes, and what they change. Default [slog.Default].
	Log *slog.Logger
	// Now is the clock. Default [time.Now].
	Now func() time.Time
}
