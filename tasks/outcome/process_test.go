package outcome_test

import (
	"testing"
	"time"

	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/redistest"
)

func TestWritableLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	store, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
	if err := store.Writable(ctx); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); client.DBSize(ctx).Val() > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the key stays")
		}
	}
	if err := client.ConfigSet(ctx, "min-replicas-to-write", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := store.Writable(ctx); err == nil {
		t.Error("a Redis that refuses writes passes for writable")
	}
}
