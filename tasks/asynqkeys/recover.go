package asynqkeys

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

var (
	//go:embed recover_reclaim.lua
	reclaimSource string
	//go:embed recover_discard.lua
	discardSource string

	reclaimScript = redis.NewScript(reclaimSource)
	discardScript = redis.NewScript(discardSource)
)

// undecodable is what Asynq says of a message that is not one of its own. It has
// no error for that which can be matched.
const undecodable = "could not decode task message"

// Recovery reads and changes those tasks of a queue that Asynq would leave as they are. All
// fields are required.
type Recovery struct {
	Redis     redis.UniversalClient
	Inspector *asynq.Inspector
	Queue     string
}

// Expired returns the IDs of tasks whose lease ended before a time, at most so many.
func (r Recovery) Expired(ctx context.Context, before time.Time, most int64) ([]string, error) {
	ids, err := r.Redis.ZRangeArgs(ctx, redis.ZRangeArgs{
		Key: Key(r.Queue, "lease"), ByScore: true, Start: "-inf", Stop: strconv.FormatInt(before.Unix(), 10), Count: most,
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("list the leases of %s that are over: %w", r.Queue, err)
	}
	return ids, nil
}

// Reclaim puts a task back on its queue whose worker has died, as the next to be taken. It
// reports false if its lease did not end before the given time, or it is not active any more.
func (r Recovery) Reclaim(ctx context.Context, id string, before time.Time) (bool, error) {
	keys := []string{Key(r.Queue, "active"), Key(r.Queue, "lease"), Key(r.Queue, "pending"), Key(r.Queue, "t:"+id)}
	back, err := reclaimScript.Run(ctx, r.Redis, keys, id, before.Unix(), time.Now().UnixNano()).Bool()
	if err != nil {
		return false, fmt.Errorf("take the task %s of %s back: %w", id, r.Queue, err)
	}
	return back, nil
}

// Unreadable returns what Redis holds of a task, active or archived, that Asynq cannot read,
// and false if it is no such task.
func (r Recovery) Unreadable(ctx context.Context, id string) (message string, unreadable bool, err error) {
	var text *redis.StringCmd
	var leased, archived *redis.FloatCmd
	err = pipelined(ctx, r.Redis, func(p redis.Pipeliner) {
		text = p.HGet(ctx, Key(r.Queue, "t:"+id), "msg")
		leased, archived = p.ZScore(ctx, Key(r.Queue, "lease"), id), p.ZScore(ctx, Key(r.Queue, "archived"), id)
	})
	if err != nil {
		return "", false, fmt.Errorf("read the task %s: %w", id, err)
	}
	if leased.Err() != nil && archived.Err() != nil || text.Val() == "" {
		return "", leased.Err() == nil || archived.Err() == nil, nil
	}
	_, err = r.Inspector.GetTaskInfo(r.Queue, id)
	switch {
	case err == nil || Gone(err):
		return "", false, nil
	case strings.Contains(err.Error(), undecodable):
		return text.Val(), true, nil
	}
	return "", false, fmt.Errorf("look at the task %s of %s: %w", id, r.Queue, err)
}

// Discard deletes a task that is [Recovery.Unreadable], unless another message has its ID by now.
func (r Recovery) Discard(ctx context.Context, id, message string) error {
	keys := []string{Key(r.Queue, "t:"+id), Key(r.Queue, "lease"), Key(r.Queue, "archived"), Key(r.Queue, "active")}
	if err := discardScript.Run(ctx, r.Redis, keys, id, message).Err(); err != nil {
		return fmt.Errorf("delete the unreadable task %s of %s: %w", id, r.Queue, err)
	}
	return nil
}
