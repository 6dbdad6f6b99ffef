package main

import (
	"context"
	"fmt"
	"time"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/bench/internal/proof"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/tasks/wait"
	"receiptrevoker/worker/iamport/iamporttest"
)

// soak is a run with all who take part: PortOne, Redis, workers, producers and people. Only the
// workers are processes of the program; producers and people act within this one, by the same
// packages as the commands. began is zero until carryOut, and all times of the plan count from it.
type soak struct {
	settings
	plan     plan
	began    time.Time
	portone  *iamporttest.Server
	redis    *benchredis.Server
	workers  *workers
	client   *enqueue.Client
	outcomes *outcome.Store
	history  *proof.History
	recorded map[string]int // rows of each batch that was cancelled
	files    string         // the directory of all files of the run
}

// say writes a line about how far the run has come to the log, which is standard error: the report
// alone goes to standard output.
func (k *soak) say(format string, args ...any) { fmt.Fprintf(k.log, format+"\n", args...) }

// at waits until a time from the start, or returns the cause for which ctx has ended. A time that
// has passed is now: where the machine is slow, what is due is done late, and not left out.
func (k *soak) at(ctx context.Context, at time.Duration) error {
	return wait.For(ctx, time.Until(k.began.Add(at)))
}
