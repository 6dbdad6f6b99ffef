package doctor

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// lengths are the replies to what is asked about a queue.
type lengths struct{ pending, active, scheduled, retry, archived, paused *redis.IntCmd }

// ask asks for a queue's lengths, where prefix stands before the names of
// Asynq's keys.
func ask(ctx context.Context, p redis.Pipeliner, prefix string) lengths {
	return lengths{
		pending: p.LLen(ctx, prefix+"pending"), active: p.LLen(ctx, prefix+"active"),
		scheduled: p.ZCard(ctx, prefix+"scheduled"), retry: p.ZCard(ctx, prefix+"retry"),
		archived: p.ZCard(ctx, prefix+"archived"), paused: p.Exists(ctx, prefix+"paused"),
	}
}

func (l lengths) queue(name string) queue {
	return queue{
		name: name, pending: l.pending.Val(), active: l.active.Val(), scheduled: l.scheduled.Val(),
		retry: l.retry.Val(), archived: l.archived.Val(), paused: l.paused.Val() > 0,
	}
}
