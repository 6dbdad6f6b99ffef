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

// soak is a run with all that takes part. client and outcomes are the soak's own ways to the same
// Redis that the workers use: as a producer, and to read what they wrote. history is what was done,
// for the checks in the end.
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
	files    string         // the directory of workers and Redis
}

// say writes a line about how far it has come. The table goes to standard output, and these lines
// to standard error.
func (k *soak) say(format string, args ...any) { fmt.Fprintf(k.log, format+"\n", args...) }

// at waits until a time from the start, and returns at once if that has passed.
func (k *soak) at(ctx context.Context, at time.Duration) error {
	return wait.For(ctx, time.Until(k.began.Add(at)))
}
