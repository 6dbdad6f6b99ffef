package monitor_test

import (
	"strings"
	"testing"
	"time"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
)

// What is cancelled waits for nothing: the page tells it from what does, and when a batch was.
func TestPageTellsWhatIsCancelled(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	store, ctx := outcome.NewStore(client, outcome.Config{}), t.Context()
	listed(t, client, "wrong", 2, tasks.KCP)
	listed(t, client, "right", 1, tasks.KCP)
	for _, impUID := range []string{"imp_wrong_0", "imp_wrong_1", "imp_right_0"} {
		enqueue(t, client, tasks.Revocation{ImpUID: impUID, PG: tasks.KCP, Batch: "any", Row: 1})
	}
	if err := store.MarkCancelled(ctx, "wrong"); err != nil {
		t.Fatal(err)
	}
	for _, err := range store.CancelOpen(ctx, "wrong", false) {
		if err != nil {
			t.Fatal(err)
		}
	}
	page := func() string {
		return read(t, ask(newSite(t, client, monitor.Config{}), "GET", "/", "Accept-Language", "en"))
	}
	const kept = "A paused queue keeps the tasks"
	body := page()
	contains(t, body, "3 tasks wait. Cancelled requests among them: 2.</p>", "started ", ", cancelled ")
	if strings.Contains(body, kept) {
		t.Error("the page explains tasks although each has an open request")
	}
	client.Set(ctx, asynqkeys.Key("receipts-bulk-kcp", "paused"), time.Now().Unix(), 0)
	for _, impUID := range []string{"imp_wrong_0", "imp_wrong_1"} {
		finish(t, client, tasks.Revocation{ImpUID: impUID}, outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonWithdrawn})
	}
	contains(t, page(), kept, `<p class="problem">No worker takes tasks; 3 tasks wait. Open requests: 1.</p>`, "finished ", ", cancelled ")
	finish(t, client, tasks.Revocation{ImpUID: "imp_right_0"}, outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonRefused})
	contains(t, page(), kept, `<p class="quiet">No worker takes tasks; 3 tasks wait. Open requests: 0.</p>`)
}

// Where PortOne documents no lookup, none decides what became of a receipt that is cancelled.
func TestPagePromisesNoLookupWhereThereIsNone(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	store := outcome.NewStore(client, outcome.Config{})
	for impUID, pg := range map[string]tasks.Gateway{"imp_1": tasks.Settle, "imp_2": tasks.KCP} {
		r := tasks.Revocation{ImpUID: impUID, PG: pg}
		if _, err := store.Ask(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		finish(t, client, r, outcome.Outcome{Status: outcome.Retrying, Reason: outcome.ReasonPGFailure})
	}
	if _, err := store.Cancel(t.Context(), []string{"imp_1", "imp_2"}, false); err != nil {
		t.Fatal(err)
	}
	site := newSite(t, client, monitor.Config{})
	if body := read(t, ask(site, "GET", "/?q=imp_1", "Accept-Language", "en")); strings.Contains(body, "a lookup decides") {
		t.Error("the page promises a lookup for settle")
	}
	contains(t, read(t, ask(site, "GET", "/?q=imp_2", "Accept-Language", "en")), "a lookup decides")
}
