package main

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"

	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
)

// interfere does every deed at its time, and returns when all are done, or with the first error. A
// Redis that is down is none: what has to be done is tried again, and the rest is left out.
func (k *soak) interfere(ctx context.Context) error {
	deeds, ctx := errgroup.WithContext(ctx)
	for _, d := range k.plan.deeds {
		deeds.Go(func() error {
			if err := k.at(ctx, d.at); err != nil {
				return err
			}
			switch d.kind {
			case cancelRequests:
				return k.cancelRequests(ctx, d)
			case cancelBatch:
				return k.cancelBatch(ctx, d)
			case archiveTasks:
				k.archive(ctx, d)
				return nil
			}
			return k.reissue(ctx, d)
		})
	}
	return deeds.Wait()
}

// cancelRequests cancels single requests until Redis has answered.
func (k *soak) cancelRequests(ctx context.Context, d deed) error {
	impUIDs := make([]string, len(d.revocations))
	for i, r := range d.revocations {
		impUIDs[i] = r.ImpUID
	}
	return k.cancel(ctx, "", impUIDs, k.client.Cancel(ctx, slices.Values(impUIDs), false))
}

// cancelBatch cancels a batch until Redis has answered. The batch may not have been made yet.
func (k *soak) cancelBatch(ctx context.Context, d deed) error {
	batch, err := k.client.Batch(d.batch, enqueue.BatchOptions{})
	if err != nil {
		return err
	}
	return k.cancel(ctx, d.batch, k.plan.lists()[d.batch], batch.Cancel(ctx, false, nil))
}

// cancel cancels until it succeeds, and notes the effects of each call as begun when the first
// one was: a call that had no reply may have taken effect. What the call that succeeds does not
// tell of although an earlier one may have cancelled it, [proof.History.Untold] notes.
func (k *soak) cancel(
	ctx context.Context, batch string, impUIDs []string, calls iter.Seq2[enqueue.Cancelled, error],
) error {
	began := time.Now()
	k.history.Note(func() {
		for _, impUID := range impUIDs {
			k.history.Touched[impUID] = true
		}
	})
	// The iterator makes its calls anew each time it is ranged over.
	for lost := false; ; {
		err := k.cancelOnce(batch, began, calls)
		if err == nil {
			if lost {
				k.history.Untold(batch, began, impUIDs)
			}
			return nil
		}
		after := askAgainAfter
		if errors.Is(err, outcome.ErrNoBatch) {
			after /= 50 // it is to be caught while it is asked for
		} else {
			lost = true
		}
		if err := wait.For(ctx, after); err != nil {
			return err
		}
	}
}

// cancelOnce cancels once, and notes the effect on each request that Redis has told of.
func (k *soak) cancelOnce(batch string, began time.Time, calls iter.Seq2[enqueue.Cancelled, error]) error {
	for c, err := range calls {
		if err != nil {
			return err
		}
		k.history.Note(func() {
			k.history.Cancelled[c.ImpUID] = append(k.history.Cancelled[c.ImpUID],
				proof.Cancellation{Batch: batch, Began: began, Returned: time.Now(), Withdrawal: c.Withdrawal})
		})
	}
	return nil
}

// archive archives up to three of the tasks that wait, as a person does in Asynq's web UI. Where
// Redis does not answer, it is left out: the person comes again within two seconds. Active tasks are
// left alone, since Asynq archives none of them.
func (k *soak) archive(ctx context.Context, d deed) {
	inspector := asynq.NewInspectorFromRedisClient(k.redis.Client)
	queues, err := inspector.Queues()
	if err != nil {
		return
	}
	// One page of each list is enough to choose three from.
	var waiting []*asynq.TaskInfo
	for _, queue := range queues {
		for _, list := range []func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
			inspector.ListPendingTasks, inspector.ListRetryTasks, inspector.ListScheduledTasks,
		} {
			found, _ := list(queue, asynq.PageSize(500))
			waiting = append(waiting, found...)
		}
	}
	rand.New(rand.NewPCG(d.chance, 0)).Shuffle(len(waiting), func(i, j int) {
		waiting[i], waiting[j] = waiting[j], waiting[i]
	})
	done := 0
	for _, task := range waiting {
		r, err := tasks.Parse(task.Payload)
		if err != nil || !k.plan.archivable[r.ImpUID] || done == archiveMost || ctx.Err() != nil {
			continue
		}
		done++
		// Noted before, since the answer may be lost: Archived are those that surely were.
		k.history.Note(func() { k.history.Touched[r.ImpUID] = true })
		if inspector.ArchiveTask(task.Queue, task.ID) == nil {
			k.history.Note(func() { k.history.Archived[r.ImpUID] = time.Now() })
		}
	}
}

// reissue issues another receipt after one that is revoked, as a merchant does after a partial refund.
// Where the request names its receipt by number, that is revoked and followed at any time, since no
// other may be revoked for it. Where it names none, another receipt follows once the outcome says
// revoked: before that, a request means whichever receipt there is. Some of these are requested
// again; for askAgain a further request comes although no receipt has followed, which has to find the
// old one revoked.
func (k *soak) reissue(ctx context.Context, d deed) error {
	r := d.revocations[0]
	if r.ApplyNum != "" {
		k.portone.Revoke(r.ImpUID)
		k.noteReissued(r.ImpUID)
		return nil
	}
	known, err := k.client.Outcome(ctx, r.ImpUID)
	if err != nil || known.Status != outcome.Revoked {
		return nil // another time
	}
	if d.kind == reissue && (!k.noteReissued(r.ImpUID) || !d.again) {
		return nil
	}
	// What batches counted of the first request is this outcome, whatever the further one ends with.
	k.history.Note(func() { k.history.Again[r.ImpUID] = known })
	r.Again = true
	return k.askUntilAccepted(ctx, burst{revocations: []tasks.Revocation{r}})
}

// noteReissued issues another receipt with half of the amount, and reports false where there is
// none that is revoked.
func (k *soak) noteReissued(impUID string) (done bool) {
	if _, done = k.portone.Reissue(impUID, 0); done {
		k.history.Note(func() { k.history.Reissued[impUID] = time.Now() })
	}
	return done
}
