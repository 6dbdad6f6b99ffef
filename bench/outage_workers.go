package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/hibiken/asynq"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
)

// outageWorkers are the processes that work through an outage.
type outageWorkers struct {
	bench     *bench
	contender contender
	url       string
	token     string
	running   []*child
}

func (w *outageWorkers) start(ctx context.Context) error {
	process, err := startChild(ctx, job{
		RedisAddr: w.bench.redis.Addr, URL: w.url, Token: w.token, Slots: outageSlots, Bare: w.contender.bare,
	})
	if err == nil {
		w.running = append(w.running, process)
	}
	return err
}

func (w *outageWorkers) kill() {
	for _, process := range w.running {
		process.kill()
	}
}

// replaceOwner kills the process that closed the gate and starts another.
func (w *outageWorkers) replaceOwner(ctx context.Context) error {
	snapshot, err := gate.NewStore(w.bench.redis.Client, "").Poll(ctx)
	if err != nil {
		return err
	}
	held := snapshot.Gates[gate.Of(outageDown)]
	owner := slices.IndexFunc(w.running, func(process *child) bool {
		return strings.Contains(held.Owner, ":"+strconv.Itoa(process.cmd.Process.Pid)+":")
	})
	if !held.Closed || owner < 0 {
		return fmt.Errorf("the run is void: nobody owns the gate, which is %+v", held)
	}
	fmt.Fprintf(os.Stderr, "outage: killed %s, which owned the gate\n", held.Owner)
	w.running[owner].kill()
	w.running = slices.Delete(w.running, owner, owner+1)
	return w.start(ctx)
}

// losses returns how many attempts were spent on a gateway that was down, and
// how many receipts were given up. Of a bare worker every call is an attempt.
func (w *outageWorkers) losses(ctx context.Context, s *outagePortOne, calls int) (burned, dead int, err error) {
	if w.contender.bare != notBare {
		inspector := asynq.NewInspectorFromRedisClient(w.bench.redis.Client)
		info, err := inspector.GetQueueInfo(tasks.Queue{PG: outageDown}.Name())
		if err != nil {
			return 0, 0, err
		}
		return calls, info.Archived, nil
	}
	store := outcome.NewStore(w.bench.redis.Client, outcome.Config{})
	letters, err := store.DeadLetters(ctx)
	if err != nil {
		return 0, 0, err
	}
	var impUIDs []string
	for n := range s.waiting(outageDown) + s.count(outageDown) {
		impUIDs = append(impUIDs, outageImpUID(outageDown, n))
	}
	outcomes, err := store.Many(ctx, impUIDs)
	if err != nil {
		return 0, 0, err
	}
	for _, o := range outcomes {
		burned += max(o.Attempts-1, 0)
	}
	return burned, int(letters), nil
}
