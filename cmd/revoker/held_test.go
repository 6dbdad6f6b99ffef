package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// Who waits hears that PortOne wants no calls: once, however often it prolongs that, and not of
// a few seconds.
func TestWhoWaitsHearsThatPortOneWantsNoCalls(t *testing.T) {
	t.Parallel()
	const hold, until = "{receipt}:hold", " for PortOne, which wants no calls until "
	client, ctx := redistest.Embedded(t), t.Context()
	queue := enqueue.NewClient(client, enqueue.Config{})
	if _, err := queue.Revoke(ctx, tasks.Revocation{ImpUID: "imp_1", PG: tasks.Nice}); err != nil {
		t.Fatal(err)
	}
	single := outcome.Outcome{ImpUID: "imp_1", PG: tasks.Nice, Status: outcome.Queued}
	var out bytes.Buffer
	a := newAwaiting(&out, client, queue, "receipt")
	w := newBatchWatch(&out, client, outcome.NewStore(client, outcome.Config{}), "")
	client.SAdd(ctx, "asynq:queues", "receipts-bulk-nice")
	b := outcome.Batch{
		Name: "b", Queued: 2, Open: 2, Complete: true,
		Gateways: map[tasks.Gateway]outcome.GatewayCount{tasks.Nice: {Asked: 2}},
	}
	look := func(left time.Duration) string {
		t.Helper()
		client.Set(ctx, hold, 1, left)
		a.still.looked, w.still.looked = time.Time{}, time.Time{}
		out.Reset()
		a.tell(ctx, []outcome.Outcome{single})
		w.show(ctx, b)
		return out.String()
	}
	if said := look(3 * time.Second); said != "" {
		t.Errorf("of three seconds it says %q", said)
	}
	said := look(50 * time.Second)
	if !strings.Contains(said, "imp_1: waits"+until) || !strings.Contains(said, "2 lines wait"+until) {
		t.Errorf("it says %q", said)
	}
	if said := look(59 * time.Second); said != "" {
		t.Errorf("prolonged, it says %q", said)
	}
}
