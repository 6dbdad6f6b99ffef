package gate

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/backlog"
)

//go:embed forward.lua
var forwardSource string

var forwardScript = redis.NewScript(forwardSource)

const (
	// forwardPage is how many tasks are brought forward at a time.
	forwardPage = 100
	// enoughPending is how many tasks keep all slots of a gateway busy until it
	// is next looked after them. More would stand in front of what is asked for
	// meanwhile.
	enoughPending = 200
	// forwardEvery is how often it is looked after them.
	forwardEvery = 50 * time.Millisecond
)

// bringForward lets the tasks that wait for a retry behind a gate that has
// opened go on at once, as fast as they are worked off. It takes those that
// wait when it begins: what fails from then on waits as long as it should.
func (k *keeper) bringForward(ctx context.Context, name Name, epoch int64) error {
	held := make(map[string][]string)
	total := 0
	for _, queue := range k.queues(name) {
		ids, err := k.store.retries(ctx, queue)
		if err != nil {
			return err
		}
		held[queue] = ids
		total += len(ids)
	}
	began := time.Now()
	for len(held) > 0 {
		for queue, ids := range held {
			rest, err := k.store.forward(ctx, queue, ids)
			if err != nil {
				return err
			}
			held[queue] = rest
			if len(rest) == 0 {
				delete(held, queue)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(forwardEvery):
		}
	}
	if total > 0 {
		took := time.Since(began).Round(time.Millisecond)
		k.log.Info("retries brought forward", "gate", string(name), "tasks", total, "in", took.String())
	}
	return k.store.release(ctx, name, epoch, k.process)
}

// retries returns the IDs of the tasks of a queue that wait for a retry.
func (s *Store) retries(ctx context.Context, queue string) ([]string, error) {
	var ids []string
	scan := s.client.ZScan(ctx, backlog.Key(queue, "retry"), 0, "", 1000).Iterator()
	for member := true; scan.Next(ctx); member = !member {
		if member { // and then its score
			ids = append(ids, scan.Val())
		}
	}
	if err := scan.Err(); err != nil {
		return nil, fmt.Errorf("list the retries of %s: %w", queue, err)
	}
	return ids, nil
}

// forward brings some of the tasks forward if the queue has need of them, and
// returns the rest. A queue that is paused needs none, and what waits there
// goes on waiting.
func (s *Store) forward(ctx context.Context, queue string, ids []string) ([]string, error) {
	paused, err := s.client.Exists(ctx, pausedKey(queue)).Result()
	if err != nil || paused != 0 {
		return nil, err
	}
	pending, err := s.client.LLen(ctx, backlog.Key(queue, "pending")).Result()
	if err != nil || pending >= enoughPending {
		return ids, err
	}
	n := min(len(ids), forwardPage)
	args := []any{backlog.Key(queue, "t:")}
	for _, id := range ids[:n] {
		args = append(args, id)
	}
	keys := []string{backlog.Key(queue, "retry"), backlog.Key(queue, "pending")}
	if err := forwardScript.Run(ctx, s.client, keys, args...).Err(); err != nil {
		return nil, fmt.Errorf("bring retries of %s forward: %w", queue, err)
	}
	return ids[n:], nil
}
