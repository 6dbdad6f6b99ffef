package revoke

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
)

// candidate is a receipt that waits behind a gate, and may be probed with.
type candidate struct {
	tasks.Revocation
	headers map[string]string // of its task, with its trace
	queue   string            // of its task
	id      string            // of its task
	bulk    bool              // which is that of batches
	known   outcome.Outcome   // not retrying if it was never called
	suspect bool              // it was called before the gateway's last success
	turn    int               // its place where the gateways take turns
}

// rank says in which order receipts are probed with, the lowest first: those that were never called,
// single ones before those of batches; then those that failed since the last success; then the
// suspects; last what PortOne has turned away, perhaps for itself, so that its gateway was never asked.
func (c candidate) rank() int {
	never := c.known.Status != outcome.Retrying
	switch {
	case !never && (c.known.Reason == outcome.ReasonUnauthorized || c.known.Reason == outcome.ReasonRateLimited):
		return rankTurnedAway
	case never && !c.bulk:
		return 0
	case never:
		return 1
	case !c.suspect:
		return 2
	}
	return 3
}

// waiting returns receipts that wait behind a gate, the best to probe with first, and of the same rank
// those that were left alone for longest. Of a long queue it knows some by chance. It is empty only if
// nothing waits.
func (p *Prober) waiting(ctx context.Context, name gate.Name, queues []string) ([]candidate, error) {
	counted, err := asynqkeys.Read(ctx, p.Redis, queues)
	if err != nil {
		return nil, err
	}
	found := make(map[string]candidate) // by imp_uid
	for _, q := range counted {
		for _, list := range []struct {
			tasks int64
			read  func(queue string, opts ...asynq.ListOption) ([]*asynq.TaskInfo, error)
		}{{q.Pending, p.Inspector.ListPendingTasks}, {q.Retry, p.Inspector.ListRetryTasks}} {
			infos, err := drawn(q.Name, list.tasks, list.read)
			if err != nil {
				return nil, err
			}
			collect(found, name, infos)
		}
	}
	return p.ranked(ctx, name, found)
}

// drawn returns some of so many tasks of a queue, each by chance: what stands together in a list may
// fail together. It reads pages of one task, since the tasks of a longer page would stand together;
// [sampledAtOnce] round trips run at a time.
func drawn(
	queue string, count int64, read func(queue string, opts ...asynq.ListOption) ([]*asynq.TaskInfo, error),
) ([]*asynq.TaskInfo, error) {
	infos := make([][]*asynq.TaskInfo, min(count, sampled))
	var all errgroup.Group
	all.SetLimit(sampledAtOnce)
	for i := range infos {
		place := i
		if count > sampled {
			place = rand.IntN(int(count))
		}
		all.Go(func() (err error) {
			infos[i], err = read(queue, asynq.PageSize(1), asynq.Page(place+1))
			if err != nil && !errors.Is(err, asynq.ErrQueueNotFound) {
				return fmt.Errorf("read a task of %s: %w", queue, err)
			}
			return nil
		})
	}
	err := all.Wait()
	return slices.Concat(infos...), err
}

// collect adds the receipts of tasks that the gate holds back. Of an imp_uid with two tasks it takes
// the single request's.
func collect(found map[string]candidate, name gate.Name, infos []*asynq.TaskInfo) {
	for _, info := range infos {
		r, err := tasks.ParseTask(info.Type, info.Payload, info.ID)
		if err != nil || name != gate.PortOne && name != gate.Of(r.PG) {
			continue
		}
		queue, _ := tasks.ParseQueue(info.Queue)
		if before, twice := found[r.ImpUID]; !twice || before.bulk {
			found[r.ImpUID] = candidate{Revocation: r, headers: info.Headers, queue: info.Queue, id: info.ID, bulk: queue.Bulk}
		}
	}
}

// rankTurnedAway is that of a receipt that PortOne has turned away. Its gateway's gate is probed with it when its own
// schedule says so, and not with every probe: that it fails tells nothing of the gateway.
const rankTurnedAway = 4

// ranked returns the receipts that have not ended, in the order of their ranks. It deletes the tasks of
// those that have: behind a gate that stays closed no worker would take them.
func (p *Prober) ranked(ctx context.Context, name gate.Name, found map[string]candidate) ([]candidate, error) {
	impUIDs := make([]string, 0, len(found))
	for impUID := range found {
		impUIDs = append(impUIDs, impUID)
	}
	succeeded, now := p.Handler.Gates.States()[name].SucceededAt, p.Handler.Gates.Now()
	var all []candidate
	for o, err := range p.Handler.Outcomes.Each(ctx, impUIDs) {
		var corrupt *outcome.CorruptError
		switch {
		// The receipt was never attempted, or its producer recorded nothing.
		case errors.Is(err, outcome.ErrNotFound):
		case errors.As(err, &corrupt):
			continue
		case err == nil && o.Status.Terminal():
			done := found[o.ImpUID]
			// If that fails, the next probe does it.
			_ = p.Inspector.DeleteTask(done.queue, done.id)
			continue
		case err != nil:
			return nil, err
		}
		c := found[o.ImpUID]
		c.known, c.suspect = o, o.FirstAttemptAt.Before(succeeded)
		if name == gate.PortOne || c.rank() < rankTurnedAway || !o.NextAttemptAt.After(now) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), a.known.UpdatedAt.Compare(b.known.UpdatedAt))
	})
	alternate(all)
	if name == gate.PortOne {
		p.spread(all)
	}
	return all, nil
}

// alternate makes single receipts and those of batches take turns where neither was ever called: single
// ones may all fail for a reason of their own, and would take every probe of the first sample.
func alternate(all []candidate) {
	var turns [2]int
	for i := range all {
		if rank := all[i].rank(); rank < len(turns) {
			all[i].turn = turns[rank]
			turns[rank]++
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(max(a.rank(), 1), max(b.rank(), 1)), cmp.Compare(a.turn, b.turn))
	})
}

// spread orders what PortOne's gate is probed with so that each gateway has its turn, those first whose
// own gate is open: one that is down tells nothing about PortOne.
func (p *Prober) spread(all []candidate) {
	gates, turns := p.Handler.Gates.States(), make(map[gate.Name]int)
	for i := range all {
		name := gate.Of(all[i].PG)
		all[i].turn = turns[name]
		if gates[name].Closed {
			// After every turn of the others.
			all[i].turn += len(all)
		}
		turns[name]++
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.turn, b.turn) })
}
