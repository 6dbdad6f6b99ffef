package deploy_test

import (
	"context"
	"path/filepath"
	"testing"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/doctor"
	"receiptrevoker/tasks/outcome"
)

// TestRedisSettingsPleaseTheDoctor starts a redis-server with the settings.
func TestRedisSettingsPleaseTheDoctor(t *testing.T) {
	t.Parallel()
	settings, err := filepath.Abs("redis/redis.conf")
	if err != nil {
		t.Fatal(err)
	}
	client := redistest.Start(t, "--include", settings).Client(t)
	found := make(map[string]doctor.Finding)
	for f := range doctor.Examine(t.Context(), doctor.Config{
		Redis: client, Outcomes: outcome.NewStore(client, outcome.Config{}),
		Reach: func(ctx context.Context) error { return client.Ping(ctx).Err() },
	}) {
		found[f.Check] = f
		if f.Level == doctor.Warning || f.Level == doctor.Failure {
			t.Errorf("%+v", f)
		}
	}
	for _, check := range []string{"persistence", "eviction", "memory"} {
		if found[check].Level != doctor.OK {
			t.Errorf("%s: %+v", check, found[check])
		}
	}
}
