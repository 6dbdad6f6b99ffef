package redistest

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Silence keeps the Redis client from logging the trouble that tests make. It is
// for TestMain, as it serves the whole process.
func Silence() { redis.SetLogger(silent{}) }

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
