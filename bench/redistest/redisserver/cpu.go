package redisserver

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// CPU returns the CPU time that a server has used since it was started, its own and the kernel's. INFO
// tells it in seconds, "used_cpu_user:1.234567"; what child processes take, such as those that rewrite
// files, is not in it.
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
