package main

import (
	"context"

	"receiptrevoker/bench/internal/benchredis"
)

// onDiskArgs are the settings that README recommends for Redis.
var onDiskArgs = []string{
	"--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction",
}

// onDiskText is how people are told of them.
const onDiskText = "appendonly yes, appendfsync everysec, maxmemory-policy noeviction"

// onDisk returns the same bench with a new Redis that keeps on disk what it
// holds. The caller stops that.
func (b *bench) onDisk(ctx context.Context) (*bench, error) {
	server, err := benchredis.Start(ctx, "", onDiskArgs...)
	if err != nil {
		return nil, err
	}
	return &bench{settings: b.settings, redis: server}, nil
}
