package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/iamport/iamporttest"
)

// TestOlderWorkerIsNamed sees that the commands say which process keeps a request from
// being accepted, and that the doctor says what to do.
func TestOlderWorkerIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t, "--appendonly", "yes").URL(), iamporttest.Config{})
	client := w.client(t)
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Queues: map[string]int{"receipts": 9, "receipts-bulk": 1}, LogLevel: asynq.FatalLevel,
	})
	if err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error { return nil })); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	var worker string
	redistest.Eventually(t, 5*time.Second, "the server registers", func() bool {
		older, err := asynqkeys.NewWorkers(client, "").Older(t.Context())
		if err != nil || len(older) == 0 {
			return false
		}
		worker = older[0].String()
		return true
	})
	named := write(t, "imp_uid,pg,apply_num\nimp_1,kcp,123\n")
	for _, test := range []struct {
		args string
		code int
	}{
		{"enqueue imp_1 --pg kcp --apply-num 123", exitUnfinished},
		{"enqueue imp_1 --pg kcp --again", exitUnfinished},
		{"bulk --batch named " + named, exitFailed},
	} {
		code, stdout, stderr := w.run(t.Context(), strings.Fields(test.args)...)
		if code != test.code || stdout != "" || !strings.Contains(stderr, worker) {
			t.Errorf("%s: exit code %d, want %d and %s:\n%s%s", test.args, code, test.code, worker, stdout, stderr)
		}
	}
	if stdout := w.expect(t, exitUnfinished, "doctor"); !strings.Contains(stdout, worker) {
		t.Errorf("the doctor does not name %s:\n%s", worker, stdout)
	}
	w.expect(t, exitDone, "enqueue", "imp_2", "--pg", "kcp")
	server.Shutdown()
	w.expect(t, exitDone, "bulk", "--batch", "named", named)
}
