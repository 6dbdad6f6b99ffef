package gate

import (
	"context"
	"fmt"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/backlog"
)

// forwardPage is how many tasks are brought forward at a time.
const forwardPage = 100

// bringForward lets the receipts that failed since the last success before a gate
// opened go on at once, on whichever of its queues their tasks wait for a retry. Every
// process does so after every opening, so that none depends on another's life.
func (k *keeper) bringForward(ctx context.Context, name Name, epoch int64) error {
	for {
		impUIDs, err := k.store.client.ZRange(ctx, k.store.released(name), 0, forwardPage-1).Result()
		if err != nil {
			return fmt.Errorf("list what is brought forward behind the gate of %s: %w", name, err)
		}
		if len(impUIDs) == 0 {
			k.released[name] = epoch
			return nil
		}
		for _, queue := range k.queues(name) {
			if err := k.store.forward(ctx, queue, impUIDs); err != nil {
				return err
			}
		}
		if err := k.store.client.ZRem(ctx, k.store.released(name), impUIDs).Err(); err != nil {
			return fmt.Errorf("note what was brought forward behind the gate of %s: %w", name, err)
		}
	}
}

// forward brings those of the receipts forward whose tasks wait on a queue for a retry.
func (s *Store) forward(ctx context.Context, queue string, impUIDs []string) error {
	args := []any{backlog.Key(queue, "t:")}
	for _, impUID := range impUIDs {
		args = append(args, tasks.TaskID(impUID))
	}
	keys := []string{backlog.Key(queue, "retry"), backlog.Key(queue, "pending")}
	if err := forwardScript.Run(ctx, s.client, keys, args...).Err(); err != nil {
		return fmt.Errorf("bring retries of %s forward: %w", queue, err)
	}
	return nil
}
