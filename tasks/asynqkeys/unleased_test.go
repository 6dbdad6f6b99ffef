package asynqkeys_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/asynqkeys"
)

// activate leaves tasks as Asynq does that takes them, the first one first.
func activate(t *testing.T, client redis.UniversalClient, queue string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		err := client.LPush(t.Context(), asynqkeys.Key(queue, "active"), id).Err()
		if err == nil {
			err = client.HSet(t.Context(), asynqkeys.Key(queue, "t:"+id), "state", "active", "msg", "m").Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestActiveTasksWithoutALease(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx := t.Context()
		lease, over := time.Now().Add(30*time.Second), time.Now().Add(-time.Minute)
		activate(t, client, "receipts", "runs", "lost", "dead", "gone", "text", "unread", "lost too")
		client.ZAdd(ctx, asynqkeys.Key("receipts", "lease"),
			redis.Z{Score: float64(lease.Unix()), Member: "runs"}, redis.Z{Score: float64(over.Unix()), Member: "dead"})
		client.Del(ctx, asynqkeys.Key("receipts", "t:gone"), asynqkeys.Key("receipts", "t:text"))
		client.Set(ctx, asynqkeys.Key("receipts", "t:text"), "not a task", 0)
		client.HDel(ctx, asynqkeys.Key("receipts", "t:unread"), "msg")
		activate(t, client, "receipts-kcp", "elsewhere")
		activate(t, client, "receipts", "no list", "retries")
		client.LRem(ctx, asynqkeys.Key("receipts", "active"), 0, "no list")
		client.LRem(ctx, asynqkeys.Key("receipts", "active"), 0, "retries")
		client.HSet(ctx, asynqkeys.Key("receipts", "t:retries"), "state", "retry")

		want := asynqkeys.Unleased{Tasks: []string{"lost too", "unread", "lost"}, Gone: []string{"text", "gone"}}
		for range 2 { // which changes nothing
			got, err := asynqkeys.FindUnleased(ctx, client, "receipts")
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("found (-want +got), %v\n%s", err, diff)
			}
		}
		ended := time.Now().Add(-10 * time.Second)
		got, err := asynqkeys.LeaseUnleased(ctx, client, "receipts", ended, "no list", "retries", "lost", "runs", "text", "missing")
		want.Tasks = append(want.Tasks, "no list")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("leased (-want +got), %v\n%s", err, diff)
		}
		leases := map[string]int64{
			"runs": lease.Unix(), "dead": over.Unix(), "lost": ended.Unix(), "lost too": ended.Unix(), "unread": ended.Unix(),
			"no list": ended.Unix(),
		}
		found := make(map[string]int64)
		for _, z := range client.ZRangeWithScores(ctx, asynqkeys.Key("receipts", "lease"), 0, -1).Val() {
			found[z.Member.(string)] = int64(z.Score)
		}
		if diff := cmp.Diff(leases, found); diff != "" {
			t.Errorf("leases (-want +got)\n%s", diff)
		}
		active := client.LRange(ctx, asynqkeys.Key("receipts", "active"), 0, -1).Val()
		if want := []string{"lost too", "unread", "dead", "lost", "runs"}; !slices.Equal(active, want) {
			t.Errorf("active: got %q, want %q", active, want)
		}
		if got := client.Get(ctx, asynqkeys.Key("receipts", "t:text")).Val(); got != "not a task" {
			t.Errorf("what is no task: got %q, want it left alone", got)
		}
		got, err = asynqkeys.FindUnleased(ctx, client, "receipts")
		if diff := cmp.Diff(asynqkeys.Unleased{}, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("after that (-want +got), %v\n%s", err, diff)
		}
		if n := client.ZCard(ctx, asynqkeys.Key("receipts-kcp", "lease")).Val(); n != 0 {
			t.Errorf("%d leases in another queue", n)
		}
	})
}

// Those that have been active for longest are looked at: behind them others finish.
func TestUnleasedTaskIsFoundBehindMany(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx := t.Context()
		activate(t, client, "receipts", "lost")
		for i := range 600 {
			id := string(rune('a'+i/26)) + string(rune('a'+i%26))
			activate(t, client, "receipts", id)
			client.ZAdd(ctx, asynqkeys.Key("receipts", "lease"), redis.Z{Score: float64(time.Now().Unix() + 30), Member: id})
		}
		got, err := asynqkeys.FindUnleased(ctx, client, "receipts")
		if want := []string{"lost"}; err != nil || !slices.Equal(got.Tasks, want) || len(got.Gone) > 0 {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	})
}

func TestUnleasedOfWhatIsNoQueue(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		got, err := asynqkeys.FindUnleased(t.Context(), client, "missing")
		if diff := cmp.Diff(asynqkeys.Unleased{}, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("a queue that is empty: got %v (-want +got)\n%s", err, diff)
		}
		client.Set(t.Context(), asynqkeys.Key("receipts", "lease"), "text", 0)
		if got, err := asynqkeys.FindUnleased(t.Context(), client, "receipts"); err == nil {
			t.Errorf("leases that are none: got %v, want an error", got)
		}
	})
}
