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
	"receiptrevoker/tasks/wait"
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
	owner, err := w.awaitOwner(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "outage: killed process %d, which owned the gate\n", w.running[owner].cmd.Process.Pid)
	w.running[owner].kill()
	w.running = slices.Delete(w.running, owner, owner+1)
	return w.start(ctx)
}

// awaitOwner waits until one of the processes has closed the gate, which on a busy
// machine takes a while, and returns its place.
func (w *outageWorkers) awaitOwner(ctx context.Context) (int, error) {
	store := gate.NewStore(w.bench.redis.Client, "")
	for {
		snapshot, err := store.Poll(ctx)
		if err != nil {
			return 0, err
		}
		held := snapshot.Gates[gate.Of(outageDown)]
		owner := slices.IndexFunc(w.running, func(process *child) bool {
			return strings.Contains(held.Owner, ":"+strconv.Itoa(process.cmd.Process.Pid)+":")
		})
		if held.Closed && owner >= 0 {
			return owner, nil
		}
		if err := wait.For(ctx, watchEvery); err != nil {
			return 0, fmt.Errorf("the run is void: no process owns the gate, which is %+v: %w", held, err)
		}
	}
}

// losses are attempts that were spent on a gateway that was down.
type losses struct {
	burned int // of all receipts together
	most   int // of one receipt
}

// add adds the attempts of receipts, of each of which so many were not lost.
func (l *losses) add(outcomes []outcome.Outcome, kept int) {
	for _, o := range outcomes {
		lost := max(o.Attempts-kept, 0)
		l.burned += lost
		l.most = max(l.most, lost)
	}
}

// attempts adds to lost what receipts lost: those that fail, or those that do not
// and of which the last attempt was not lost.
func (w *outageWorkers) attempts(ctx context.Context, s *watched, failing bool, lost *losses) error {
	if w.contender.bare != notBare {
		return nil
	}
	kept := 1
	if failing {
		kept = 0
	}
	store := outcome.NewStore(w.bench.redis.Client, outcome.Config{})
	outcomes, err := store.Many(ctx, s.list(outageDown, failing))
	lost.add(outcomes, kept)
	return err
}

// total writes into r what the outage cost in the end. Of a bare worker every
// call is an attempt that was lost.
func (w *outageWorkers) total(ctx context.Context, s *watched, r *outageResult) (err error) {
	r.calls = s.portone.Stats().DuringOutage
	if w.contender.bare != notBare {
		r.lost = losses{burned: r.calls, most: s.mostDeletes(outageDown) - 1}
	}
	if r.dead, err = w.dead(ctx); err != nil {
		return err
	}
	return w.attempts(ctx, s, false, &r.lost)
}

// dead returns how many receipts were given up.
func (w *outageWorkers) dead(ctx context.Context) (int, error) {
	if w.contender.bare != notBare {
		inspector := asynq.NewInspectorFromRedisClient(w.bench.redis.Client)
		info, err := inspector.GetQueueInfo(tasks.Queue{PG: outageDown}.Name())
		if err != nil {
			return 0, err
		}
		return info.Archived, nil
	}
	letters, err := outcome.NewStore(w.bench.redis.Client, outcome.Config{}).DeadLetters(ctx)
	return int(letters), err
}
