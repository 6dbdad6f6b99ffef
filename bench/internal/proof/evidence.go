package proof

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
)

// page is how many outcomes or tasks are read in one round trip.
const page = 500

// Evidence is all that is known in the end, of both sides: what was done, what Redis says, and what
// PortOne knows. The checks compare it and read nothing more.
type Evidence struct {
	// What was done.
	*History
	Recorded map[string]int // rows of each batch that was cancelled
	Refused  []string       // imp_uids that were never asked for, their batch being cancelled

	// What Redis says.
	Outcomes  map[string]outcome.Outcome
	Events    map[string][]outcome.Status // of each imp_uid, the last one last
	Dead      map[string]bool             // the list of dead letters
	Open      []string                    // the imp_uids of open requests
	Left      map[string]string           // tasks in Asynq's queues that should not be
	Lists     map[string][]string         // the imp_uids of each batch
	Batches   map[string]outcome.Batch
	Finished  map[string]int // how often each batch was published
	InArchive int            // tasks

	// What PortOne knows.
	Truths  map[string]iamporttest.Truth   // of the latest receipt
	Earlier map[string][]iamporttest.Truth // of those before it
	Failing map[string]bool                // the imp_uids whose every DELETE fails
	Stats   iamporttest.Stats
}

// Gather reads what there is to compare, once all workers have stopped: while one runs, two
// readings would be of different moments. The caller sets History, Recorded and Lists before, and
// Failing before the checks.
func (e *Evidence) Gather(ctx context.Context, client redis.UniversalClient, portone *iamporttest.Server) error {
	e.gatherTruths(portone)
	store := outcome.NewStore(client, outcome.Config{})
	var err error
	if e.Left, e.InArchive, err = Left(client); err != nil {
		return fmt.Errorf("read Asynq's queues: %w", err)
	}
	// A day ahead, so that each open request is found whenever it is due.
	open, ended, err := store.Overdue(ctx, -24*time.Hour, len(e.Accepted))
	if err != nil {
		return err
	}
	e.Open = ended
	for _, request := range open {
		e.Open = append(e.Open, request.ImpUID)
	}
	if err := e.gatherOutcomes(ctx, store); err != nil {
		return err
	}
	if err := e.gatherBatches(ctx, client, store); err != nil {
		return err
	}
	// "0" is before the first entry of the stream, see XRANGE: an entry that was trimmed would count as
	// missing.
	e.Events = make(map[string][]outcome.Status)
	for event, err := range store.Events(ctx, "0") {
		if err != nil {
			return err
		}
		impUID := event.Outcome.ImpUID
		e.Events[impUID] = append(e.Events[impUID], event.Outcome.Status)
	}
	e.Dead = make(map[string]bool)
	for impUIDs, err := range store.DeadSince(ctx, time.Time{}) {
		if err != nil {
			return err
		}
		for _, impUID := range impUIDs {
			e.Dead[impUID] = true
		}
	}
	return nil
}

// gatherTruths reads what PortOne knows: of each imp_uid the latest receipt, and those that it
// followed.
func (e *Evidence) gatherTruths(portone *iamporttest.Server) {
	e.Stats = portone.Stats()
	e.Truths = make(map[string]iamporttest.Truth)
	e.Earlier = make(map[string][]iamporttest.Truth)
	for truth := range portone.Truths() {
		e.Truths[truth.ImpUID] = truth
		e.Earlier[truth.ImpUID] = portone.Earlier(truth.ImpUID)
	}
}

// gatherOutcomes reads the outcomes of all imp_uids that were accepted. One without an outcome gets one
// without a status.
func (e *Evidence) gatherOutcomes(ctx context.Context, store *outcome.Store) error {
	e.Outcomes = make(map[string]outcome.Outcome, len(e.Accepted))
	outcomes, err := Outcomes(ctx, store, e.Sorted())
	for _, o := range outcomes {
		e.Outcomes[o.ImpUID] = o
	}
	return err
}

// Outcomes returns the outcomes of imp_uids in their order, however many these are:
// [outcome.Store.Many] alone would ask for all in one round trip.
func Outcomes(ctx context.Context, store *outcome.Store, impUIDs []string) (all []outcome.Outcome, err error) {
	for chunk := range slices.Chunk(impUIDs, page) {
		outcomes, err := store.Many(ctx, chunk)
		if err != nil {
			return nil, err
		}
		all = append(all, outcomes...)
	}
	return all, nil
}

// gatherBatches reads what is known of the batches, and how often each was published as finished. Of a
// batch that was cancelled, the lines after those that were recorded were refused, unless another
// request asks for their receipt.
func (e *Evidence) gatherBatches(ctx context.Context, client redis.Cmdable, store *outcome.Store) error {
	for name, recorded := range e.Recorded {
		for _, impUID := range e.Lists[name][recorded:] {
			if _, accepted := e.Accepted[impUID]; !accepted {
				e.Refused = append(e.Refused, impUID)
			}
		}
	}
	e.Batches = make(map[string]outcome.Batch)
	e.Finished = make(map[string]int)
	batches, err := store.Batches(ctx)
	if err != nil {
		return err
	}
	for _, b := range batches {
		e.Batches[b.Name] = b
	}
	entries, err := client.XRange(ctx, "{receipt}:batches", "-", "+").Result()
	if err != nil {
		return fmt.Errorf("read the stream of batches: %w", err)
	}
	for _, entry := range entries {
		name, _ := entry.Values["batch"].(string)
		e.Finished[name]++
	}
	return nil
}

// truthOf returns what PortOne knows of the receipt that an outcome is about: the latest, unless
// the outcome names an earlier one and no producer asked for another. PortOne's answer named no
// receipt where the outcome names none: it is about the first receipt on which a DELETE took
// effect.
func (e *Evidence) truthOf(o outcome.Outcome) iamporttest.Truth {
	if _, again := e.Again[o.ImpUID]; !again && o.Status == outcome.Revoked {
		for _, truth := range e.Earlier[o.ImpUID] {
			if truth.ApplyNum == o.ApplyNum || o.ApplyNum == "" && truth.Effective > 0 {
				return truth
			}
		}
	}
	return e.Truths[o.ImpUID]
}

// Left returns the tasks that are neither completed nor archived, by imp_uid with their states, and how
// many are archived. It reads the first page of each list alone: in the end one task that is left is as
// wrong as a thousand.
func Left(client redis.UniversalClient) (left map[string]string, archived int, err error) {
	inspector := asynq.NewInspectorFromRedisClient(client)
	queues, err := inspector.Queues()
	if err != nil {
		return nil, 0, err
	}
	left = make(map[string]string)
	for _, queue := range queues {
		info, err := inspector.GetQueueInfo(queue)
		if err != nil {
			return nil, 0, err
		}
		archived += info.Archived
		for _, list := range []func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
			inspector.ListPendingTasks, inspector.ListActiveTasks, inspector.ListRetryTasks, inspector.ListScheduledTasks,
		} {
			found, err := list(queue, asynq.PageSize(page))
			if err != nil {
				return nil, 0, err
			}
			for _, task := range found {
				// All tasks are of this run, and can be parsed.
				asked, _ := tasks.Parse(task.Payload)
				left[asked.ImpUID] = task.State.String() + " on " + queue
			}
		}
	}
	return left, archived, nil
}
