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

// interfere does every deed at its time, and returns once all are done.
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

// cancelRequests cancels requests, as often as it takes to get a reply.
func (k *soak) cancelRequests(ctx context.Context, d deed) error {
	impUIDs := make([]string, len(d.revocations))
	for i, r := range d.revocations {
		impUIDs[i] = r.ImpUID
	}
	return k.cancel(ctx, "", impUIDs, k.client.Cancel(ctx, slices.Values(impUIDs), false))
}

// cancelBatch cancels a batch, which may not have been made yet: then the cancellation is repeated
// until there is one.
func (k *soak) cancelBatch(ctx context.Context, d deed) error {
	batch, err := k.client.Batch(d.batch, enqueue.BatchOptions{})
	if err != nil {
		return err
	}
	return k.cancel(ctx, d.batch, k.plan.lists()[d.batch], batch.Cancel(ctx, false, nil))
}

// cancel cancels until it succeeds. Each call is noted as begun when the first one was: what has no
// reply may have taken effect. If a reply was lost, imp_uids of which the last call says nothing
// may have been cancelled by an earlier one.
func (k *soak) cancel(
	ctx context.Context, batch string, impUIDs []string, calls iter.Seq2[enqueue.Cancelled, error],
) error {
	// Touched comes before the first call: from then on, withdrawn is an explanation for the
	// outcome.
	began := time.Now()
	k.history.Note(func() {
		for _, impUID := range impUIDs {
			k.history.Touched[impUID] = true
		}
	})
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
			// The batch is to be caught while its list is being asked for, which takes
			// milliseconds.
			after /= 50
		} else {
			lost = true
		}
		if err := wait.For(ctx, after); err != nil {
			return err
		}
	}
}

// cancelOnce makes one call and notes what it says of each imp_uid, until its first error.
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

// archive archives some of the tasks that wait, as a person does in Asynq's web UI. If Redis does
// not answer, nothing is done: people try later.
func (k *soak) archive(ctx context.Context, d deed) {
	inspector := asynq.NewInspectorFromRedisClient(k.redis.Client)
	queues, err := inspector.Queues()
	if err != nil {
		return
	}
	var waiting []*asynq.TaskInfo
	for _, queue := range queues {
		// What is active is left alone: the web UI of Asynq does not archive such a task.
		for _, list := range []func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
			inspector.ListPendingTasks, inspector.ListRetryTasks, inspector.ListScheduledTasks,
		} {
			found, _ := list(queue, asynq.PageSize(500))
			waiting = append(waiting, found...)
		}
	}
	// Which tasks wait by then is not the seed's to decide; of those that do, the seed's number
	// chooses.
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
		// Touched comes before the call, and Archived after its reply: a reply that is lost leaves
		// open whether it was done.
		k.history.Note(func() { k.history.Touched[r.ImpUID] = true })
		if inspector.ArchiveTask(task.Queue, task.ID) == nil {
			k.history.Note(func() { k.history.Archived[r.ImpUID] = time.Now() })
		}
	}
}

// reissue issues another receipt after one that is revoked: one that a request names at any time,
// since no other may be revoked for it; any other one once its outcome says that it is revoked.
// Some of these are asked for again.
func (k *soak) reissue(ctx context.Context, d deed) error {
	r := d.revocations[0]
	if r.ApplyNum != "" {
		k.portone.Revoke(r.ImpUID)
		k.noteReissued(r.ImpUID)
		return nil
	}
	known, err := k.client.Outcome(ctx, r.ImpUID)
	if err != nil || known.Status != outcome.Revoked {
		// A receipt that is not revoked yet is not followed by another: this deed is left out.
		return nil
	}
	if d.kind == reissue && (!k.noteReissued(r.ImpUID) || !d.again) {
		return nil
	}
	k.history.Note(func() { k.history.Again[r.ImpUID] = known })
	r.Again = true
	return k.askUntilAccepted(ctx, burst{revocations: []tasks.Revocation{r}})
}

// noteReissued issues another receipt under the same imp_uid, and reports whether that was done:
// the one before must be revoked.
func (k *soak) noteReissued(impUID string) (done bool) {
	if _, done = k.portone.Reissue(impUID, 0); done {
		k.history.Note(func() { k.history.Reissued[impUID] = time.Now() })
	}
	return done
}
