package gate

import (
	"context"
	"fmt"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

// forwardPage is how many tasks are brought forward at a time.
const forwardPage = 100

// bringForward makes the receipts that failed since the last success before a gate
// opened due at once, on whichever of its queues their tasks wait for a retry. Every
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
		ids := make([]string, len(impUIDs))
		for i, impUID := range impUIDs {
			ids[i] = tasks.TaskID(impUID)
		}
		for _, queue := range k.queues(name) {
			if err := asynqkeys.Forward(ctx, k.store.client, queue, ids...); err != nil {
				return err
			}
		}
		if err := k.store.client.ZRem(ctx, k.store.released(name), impUIDs).Err(); err != nil {
			return fmt.Errorf("note what was brought forward behind the gate of %s: %w", name, err)
		}
	}
}
