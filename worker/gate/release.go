package gate

import (
	"context"
	"fmt"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
)

// forwardPage is how many tasks are brought forward at a time: by one script on each queue,
// during which Redis answers no other client.
const forwardPage = 100

// bringForward makes the receipts that failed since the last success before a gate
// opened due at once, on whichever of the queues behind it their tasks wait for a retry. Every
// process does so after every opening, so that none depends on another's life.
func (s *Store) bringForward(ctx context.Context, name Name, queues []string) error {
	for {
		impUIDs, err := s.client.ZRange(ctx, s.released(name), 0, forwardPage-1).Result()
		if err != nil {
			return fmt.Errorf("list what is brought forward behind the gate of %s: %w", name, err)
		}
		if len(impUIDs) == 0 {
			return nil
		}
		ids := make([]string, len(impUIDs))
		for i, impUID := range impUIDs {
			ids[i] = tasks.TaskID(impUID)
		}
		for _, queue := range queues {
			if err := asynqkeys.Forward(ctx, s.client, queue, ids...); err != nil {
				return err
			}
		}
		if err := s.client.ZRem(ctx, s.released(name), impUIDs).Err(); err != nil {
			return fmt.Errorf("note what was brought forward behind the gate of %s: %w", name, err)
		}
	}
}
