package main

import (
	"context"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
	"receiptrevoker/worker/pause"
)

func TestPauseAndResumeSayWhetherTheyDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Start(t).URL(), iamporttest.Config{})
	for _, test := range []struct {
		code int
		args string
	}{
		{exitDone, "resume --pg kcp"}, // which is not paused
		{exitDone, "pause --pg kcp --reason " + strings.Repeat("점", 200)},
		{exitDone, "pause receipts-kcp"}, // which is paused
		{exitUsage, "pause --pg kcp --reason " + strings.Repeat("점", 201)},
		{exitUsage, "pause --pg kcp --by \x1b[2J"},
		{exitUsage, "pause --pg kcp --by \xff"},
		{exitUsage, "pause --pg toss"},
		{exitUsage, "pause --pg kcp,"},
		{exitUsage, "pause receipts-kcp receipts-kpc"},
		{exitUsage, "pause acme:receipts-kcp"},
		{exitUsage, "resume --pg toss"},
		{exitUsage, "resume receipts-kpc"},
		{exitUsage, "list --pg toss"},
		{exitUsage, "pause"},
		{exitUsage, "pause --all receipts"},
	} {
		w.expect(t, test.code, append([]string{"queue"}, strings.Split(test.args, " ")...)...)
	}
	if got := w.expect(t, exitDone, "queue", "list", "--window", "0"); strings.Count(got, "person [1]\n") != 2 {
		t.Errorf("paused is not what was asked for:\n%s", got)
	}
}

// until runs revoker with the arguments after the first until its standard
// output matches the first.
func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile(`(?m)` + args[0])
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_ = ts.Exec("revoker", args[1:]...) // what is unfinished exits 3
		got := ts.ReadFile("stdout")
		if want.MatchString(got) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%q does not match %s:\n%s", args[1:], args[0], got)
		}
	}
}

// afterFirst calls a function once the first pipeline has been carried out.
type afterFirst func()

func (f afterFirst) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (f afterFirst) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (f afterFirst) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		defer f()
		return next(ctx, commands)
	}
}

// A Ctrl-C while the rate is watched for is no fault of Redis.
func TestQueueListThatIsStoppedSaysSo(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	ctx, stop := context.WithCancel(t.Context())
	client.AddHook(afterFirst(stop))
	_, err := watchQueues(ctx, client, []pause.Pause{{Queue: "receipts"}}, time.Hour)
	if err == nil || err.Error() != "stopped before the rate was known: --window 0 shows the rest without it" {
		t.Errorf("got %v", err)
	}
}

// Who has paused queues, and a reason that may be long, is said once of all that wait.
func TestWaitSaysOnceWhatHoldsManyReceipts(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	store := pause.NewStore(client, "")
	if _, err := store.ForPerson(t.Context(), []string{"receipts-kcp", "receipts-nice"}, "kim", "점검"); err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	asked := []outcome.Outcome{{ImpUID: "imp_1", PG: tasks.KCP}, {ImpUID: "imp_2", PG: tasks.Nice}, {ImpUID: "imp_3", PG: tasks.KCP}, {ImpUID: "imp_4"}}
	for i := range asked {
		asked[i].Status = outcome.Queued
	}
	newAwaiting(&told, client, nil, tasks.DefaultNamespace).tell(t.Context(), asked)
	want := regexp.MustCompile(`^imp_1: its queue is paused by kim, since .*: 점검; the same holds 2 more\n$`)
	if !want.MatchString(told.String()) {
		t.Errorf("got %s, want %s", told.String(), want)
	}
}

// What a paused queue keeps is compared with the open requests only where these can be its own.
func TestKeptTasks(t *testing.T) {
	t.Parallel()
	const why = "paused queue keeps the tasks of requests that were cancelled or have ended, which are not called"
	for name, test := range map[string]struct {
		kept int64
		of   outcome.Waiting
		want string
	}{
		"as many":         {5, outcome.Waiting{Open: 5}, ""},
		"more":            {5, outcome.Waiting{Open: 1}, "1 request is open; a " + why},
		"cancelled":       {5, outcome.Waiting{Open: 4, Cancelled: 3}, "4 requests are open, 3 of them cancelled; a " + why},
		"of some queues":  {5, outcome.Waiting{Open: math.MaxInt64}, "A " + why},
		"nothing is kept": {0, outcome.Waiting{Open: math.MaxInt64}, ""},
	} {
		if got := keptTasks(test.kept, test.of); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
