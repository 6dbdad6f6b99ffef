package asynqkeystest_test

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/asynqkeys/asynqkeystest"
)

func TestOrphansAreFound(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, c *redis.Client) {
		ctx := t.Context()
		c.LPush(ctx, "asynq:{receipts}:pending", "good", "gone")
		c.HSet(ctx, "asynq:{receipts}:t:good", "state", "pending")
		c.HSet(ctx, "asynq:{receipts}:t:alone", "state", "retry")
		c.ZAdd(ctx, "asynq:{receipts}:lease", redis.Z{Member: "good"})
		c.Set(ctx, "asynq:{receipts}:unique:x", "gone2", 0)
		got := strings.Join(asynqkeystest.Orphans(ctx, c, "receipts"), "\n")
		want := `task gone is on [pending], and its state is ""
task alone is on no list
task good is leased, and is on [pending]
lock asynq:{receipts}:unique:x is of task "gone2", which is on no list`
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}
