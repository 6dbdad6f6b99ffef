package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/iamport/iamporttest"
	"receiptrevoker/worker/pause"
)

// hostile is what somebody may have written into a message: it colours, moves the cursor,
// reverses, ends lines, and is wide and long.
var hostile = "\x1b[31m\x1b[2J\r\n\u202e\u2066\u200f\u0085\x9b1m\x7f" + strings.Repeat("현금영수증 취소 실패 ", 20) + strings.Repeat("x", 200)

// furnish fills Redis with the longest and worst that it may hold, with no worker.
func furnish(t *testing.T, client *redis.Client) (batch string) {
	t.Helper()
	ctx, store := t.Context(), outcome.NewStore(client, outcome.Config{})
	batch = strings.Repeat("refunds-2026-11_", 4)
	var asked []tasks.Revocation
	for i, pg := range []tasks.Gateway{tasks.KCP, tasks.TossPayments, tasks.Nice, "", tasks.Daou, tasks.Settle} {
		asked = append(asked, tasks.Revocation{ImpUID: fmt.Sprintf("imp_%028d", i), PG: pg, Batch: batch, Row: i + 1})
	}
	if _, err := store.AskRows(ctx, batch, "/tmp/"+hostile, 1, make([]outcome.Row, len(asked)), asked); err != nil {
		t.Fatal(err)
	}
	for i, o := range []outcome.Outcome{
		{Status: outcome.Dead, Reason: outcome.ReasonUnsupportedGateway, HTTPStatus: 501, Message: hostile},
		{Status: outcome.Revoked, Reason: outcome.ReasonAlreadyRevoked, Receipt: outcome.Receipt{
			ApplyNum: "98239584100000000000", CancelledAt: time.Now(),
		}},
		{Status: outcome.Retrying, Reason: outcome.ReasonPGFailure, Message: hostile, NextAttemptAt: time.Now().Add(-time.Minute)},
		{Status: outcome.Retrying, Reason: outcome.ReasonPGFailure, Message: hostile, NextAttemptAt: time.Now().Add(time.Hour)},
	} {
		attempt, err := store.Begin(ctx, asked[i], time.Minute)
		if err == nil {
			_, err = store.Finish(ctx, attempt, o)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pause.NewStore(client, "").ForPerson(ctx, []string{"receipts-bulk-daou", "receipts-kcp"}, hostile, hostile); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	client.Set(ctx, "asynq:{receipts-bulk-tosspayments}:paused", fmt.Sprintf("%d gate portone 5", now.Unix()), 0)
	client.Set(ctx, "asynq:{receipts-bulk-nice}:paused", fmt.Sprintf("%d gate nice 5", now.Unix()), 0)
	client.Set(ctx, "asynq:{receipts-bulk}:paused", fmt.Sprintf("%d gate - 5", now.Unix()), 0)
	for _, name := range []string{"portone", "nice", "-"} {
		client.HSet(ctx, "{receipt}:gate:"+name, "state", "closed", "epoch", now.UnixMicro(), "owner", "host:1:x",
			"reason", hostile, "probe_at", now.Add(-time.Minute).UnixMicro())
	}
	client.SAdd(ctx, "asynq:queues", "receipts-bulk-tosspayments", "receipts-"+strings.Repeat("newpg", 14))
	client.Set(ctx, "asynq:{receipts-bulk-tosspayments}:processed", 123456789, 0)
	client.Set(ctx, "{receipt}:hold", 1, time.Minute)
	return batch
}

// No line of any command is wider than the terminal, whatever others have written, and
// nothing that they have written is obeyed.
func TestNoLineWraps(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	batch := furnish(t, server.Client(t))
	w := newWorld(t, server.URL(), iamporttest.Config{})
	list := write(t, "imp_uid,pg\n"+strings.Repeat("y", 200)+",kcp\n\"imp\x1b[31m\u202e 1\",\"\x1b]0;"+strings.Repeat("국민카드", 40)+"\"\nimp_100000000001,kcp\n")
	for i, args := range [][]string{
		{"queue", "list"},
		{"queue", "list", "--window", "0", "--pg", "kcp"},
		{"queue", "pause", "--pg", "kcp"},
		{"queue", "list", "kpc"},
		{"queue", "resume", "receipts-bulk-tosspayments"},
		{"batch", "list"},
		{"batch", "show", batch},
		{"batch", "show", hostile},
		{"batch", "cancel", batch},
		{"status", "imp_" + strings.Repeat("0", 28), fmt.Sprintf("imp_%028d", 1), fmt.Sprintf("imp_%028d", 2), fmt.Sprintf("imp_%028d", 4), hostile},
		{"outcomes"},
		{"dead", "list"},
		{"dead", "retry", "--all", "--dry-run"},
		{"dead", "discard", hostile, "--yes"},
		{"bulk", list, "--dry-run"},
		{"bulk", list, "--batch", "b"},
		{"bulk", list, "--batch", hostile},
		{"bulk", hostile},
		{"enqueue", hostile, "imp_100000000001"},
		{"enqueue", "imp_100000000001", "--pg", hostile},
		{"cancel", hostile},
		{"doctor"},
		{"frobnicate", hostile},
		{"dead", "list", "--since", hostile},
	} {
		t.Run(fmt.Sprint(i, " ", args[0]), func(t *testing.T) {
			t.Parallel()
			x := openTerminal(t)
			w.on(t.Context(), x, args...)
			x.fits(t, args[0])
		})
	}
}

func TestNoHelpWraps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "redis://127.0.0.1:1/0", iamporttest.Config{})
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		x := openTerminal(t)
		w.on(t.Context(), x, append(strings.Fields(cmd.CommandPath())[1:], "-h")...)
		x.fits(t, cmd.CommandPath()+" -h")
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	visit((&program{}).root())
}

func TestSimulateFits(t *testing.T) {
	t.Parallel()
	x, w := openTerminal(t), newWorld(t, "", iamporttest.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- w.on(ctx, x, "simulate", "--listen", "127.0.0.1:0") }()
	redistest.Eventually(t, 10*time.Second, "it says how to use it", func() bool { return strings.Contains(x.text(), "Ctrl-C ends it.") })
	cancel()
	<-ended
	x.fits(t, "simulate")
}
