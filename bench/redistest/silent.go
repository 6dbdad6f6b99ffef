package redistest

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Silence keeps go-redis from logging the trouble that tests make on purpose. It changes a setting of
// the whole process, so that it is for TestMain.
func Silence() { redis.SetLogger(silent{}) }

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
