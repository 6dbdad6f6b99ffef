package asynqkeys_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/asynqkeys"
)

// What Asynq's own client and Inspector do to a queue is read as they would
// tell it.
func TestReadTellsWhatAsynqDid(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx := t.Context()
		queue := asynq.NewClientFromRedisClient(client)
		ask := func(name, id string, options ...asynq.Option) {
			t.Helper()
			options = append(options, asynq.Queue(name), asynq.TaskID(id))
			if _, err := queue.EnqueueContext(ctx, asynq.NewTask("x", nil), options...); err != nil {
				t.Fatal(err)
			}
		}
		ask("receipts", "first")
		ask("receipts", "second")
		ask("receipts", "third", asynq.ProcessIn(time.Hour))
		ask("receipts-kcp", "fourth")
		ask("others", "fifth")
		inspector := asynq.NewInspectorFromRedisClient(client)
		if err := inspector.ArchiveTask("receipts-kcp", "fourth"); err != nil {
			t.Fatal(err)
		}
		if err := inspector.PauseQueue("receipts-kcp"); err != nil {
			t.Fatal(err)
		}

		names, err := asynqkeys.Ours(ctx, client, "")
		if want := []string{"receipts", "receipts-kcp"}; err != nil || !cmp.Equal(names, want) {
			t.Errorf("ours: got %v, %v, want %v", names, err, want)
		}
		names, err = asynqkeys.Names(ctx, client)
		if want := []string{"others", "receipts", "receipts-kcp"}; err != nil || !cmp.Equal(names, want) {
			t.Fatalf("all: got %v, %v, want %v", names, err, want)
		}
		got, err := asynqkeys.Read(ctx, client, append(names, "missing"))
		if err != nil {
			t.Fatal(err)
		}
		want := []asynqkeys.Queue{
			{Name: "others", Pending: 1},
			{Name: "receipts", Pending: 2, Scheduled: 1},
			{Name: "receipts-kcp", Archived: 1, Paused: true},
			{Name: "missing"},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(asynqkeys.Queue{}, "Since")); diff != "" {
			t.Errorf("what is in the queues (-want +got):\n%s", diff)
		}
		for _, q := range got {
			oldest := q.Oldest(time.Now())
			if waits := oldest > 0; waits != (q.Pending > 0) || oldest > time.Minute {
				t.Errorf("%s: the oldest of %d has waited for %v", q.Name, q.Pending, oldest)
			}
		}
		if got[1].Waiting() != 3 {
			t.Errorf("receipts: got %d waiting, want 3", got[1].Waiting())
		}
	})
}

// What cannot be read is an error, and not an empty queue.
func TestReadReportsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		if err := client.Set(t.Context(), asynqkeys.Key("receipts", "retry"), "no set", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if queues, err := asynqkeys.Read(t.Context(), client, []string{"missing", "receipts"}); err == nil {
			t.Errorf("got %v and no error", queues)
		}
	})
}
