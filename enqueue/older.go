package enqueue

import (
	"context"
	"errors"
	"fmt"

	"receiptrevoker/tasks"
)

// ErrOlderWorker is matched, and nothing is requested, where a request says which receipt
// it means, by [tasks.Revocation.ApplyNum] or [tasks.Revocation.Again], while a worker
// lives that does not understand that: one of an older version, or another program.
// [Client] looks for them at most every two seconds.
var ErrOlderWorker = errors.New("an older worker would revoke whichever receipt there is")

// understood returns why r must wait until all workers understand it, nil if they do.
func (c *Client) understood(ctx context.Context, r tasks.Revocation) error {
	if r.ApplyNum == "" && !r.Again {
		return nil
	}
	older, err := c.workers.Older(ctx)
	if err == nil && len(older) > 0 {
		err = fmt.Errorf("%s: %w: stop or upgrade %v, then request it again", r.ImpUID, ErrOlderWorker, older)
	}
	return err
}
