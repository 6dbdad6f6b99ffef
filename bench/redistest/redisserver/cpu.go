package redisserver

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// CPU returns the CPU time that a server has used, its own and the kernel's.
func CPU(ctx context.Context, client redis.Cmdable) (time.Duration, error) {
	info, err := client.InfoMap(ctx, "cpu").Result()
	if err != nil {
		return 0, fmt.Errorf("CPU time of Redis: %w", err)
	}
	var sum time.Duration
	for _, field := range []string{"used_cpu_user", "used_cpu_sys"} {
		used, err := time.ParseDuration(info["CPU"][field] + "s")
		if err != nil {
			return 0, fmt.Errorf("CPU time of Redis: %s: %w", field, err)
		}
		sum += used
	}
	return sum, nil
}
