package monitor_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

// listed makes a batch of lines of the gateways, in turn.
func listed(t *testing.T, client *redis.Client, name string, lines int, of ...tasks.Gateway) {
	t.Helper()
	store := outcome.NewStore(client, outcome.Config{})
	asked := make([]tasks.Revocation, lines)
	for i := range asked {
		asked[i] = tasks.Revocation{ImpUID: fmt.Sprintf("imp_%s_%d", name, i), PG: of[i%len(of)], Batch: name, Row: i + 1}
	}
	if _, err := store.AskRows(t.Context(), name, "", 1, make([]outcome.Row, lines), asked); err != nil {
		t.Fatal(err)
	}
	if err := store.CompleteBatch(t.Context(), name, lines); err != nil {
		t.Fatal(err)
	}
}

// What is held is no progress: no time is left for it, and the page says what holds it.
func TestPageTellsWhatHoldsABatch(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	listed(t, client, "refunds", 90, tasks.KCP, tasks.Nice, tasks.Daou)
	listed(t, client, "stopped", 10, tasks.KCP)
	for _, name := range []string{"refunds", "stopped"} { // both were fast a moment ago
		client.HIncrBy(t.Context(), "{receipt}:batch:"+name, "queued:inicis", 100_000)
		client.HSet(t.Context(), "{receipt}:batch:"+name, "revoked:revoked:inicis", 100_000,
			"before_at", time.Now().Add(-10_000*time.Second).UnixMilli(), "before_done", 0)
		client.HDel(t.Context(), "{receipt}:batch:"+name, "finished_at")
	}
	at := time.Date(2026, 11, 24, 23, 42, 0, 0, time.UTC)
	gates := &fakeGates{pauses: []pause.Pause{
		{Queue: "receipts-bulk-kcp", Paused: true, Gate: "kcp", Since: at},
		{Queue: "receipts-bulk-nice", Paused: true, By: "kim@ops", Reason: "점검", Since: at},
		{Queue: "receipts-daou", Paused: true, Gate: "daou", Since: at},
	}}
	site := newSite(t, client, monitor.Config{Gates: gates})
	body := read(t, ask(site, "GET", "/", "Accept-Language", "en"))
	contains(t, body, "90 to come · 10.0 a second, ", "30 held: the gate of NHN KCP is closed, since 2026-11-25 08:42:00 KST</p>",
		"30 held: paused by kim@ops, since 2026-11-25 08:42:00 KST: 점검</p>",
		"10 to come</p>\n"+`<p class="held">10 held: the gate of NHN KCP is closed, since 2026-11-25 08:42:00 KST</p>`)
	contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "ko")), "30건 보류: NHN KCP 게이트가 닫힘, 2026-11-25 08:42:00 KST부터",
		"30건 보류: kim@ops이(가) 일시 정지, 2026-11-25 08:42:00 KST부터: 점검", "초당 10.0")
	if _, rest, _ := strings.Cut(body, "<h3>stopped"); strings.Contains(strings.SplitN(rest, "</article>", 2)[0], "left") {
		t.Errorf("time is left for what is held:\n%s", rest)
	}
}

// How long is left is that of the lines that move.
func TestPageTellsTheTimeLeftOfWhatMoves(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	listed(t, client, "refunds", 100, tasks.KCP, tasks.Nice)
	client.HIncrBy(t.Context(), "{receipt}:batch:refunds", "queued:nice", 100_000)
	client.HSet(t.Context(), "{receipt}:batch:refunds", "revoked:revoked:nice", 100_000,
		"before_at", time.Now().Add(-100_000*time.Second).UnixMilli(), "before_done", 0)
	gates := &fakeGates{pauses: []pause.Pause{{Queue: "receipts-bulk-kcp", Paused: true, Gate: string(gate.PortOne)}}}
	site := newSite(t, client, monitor.Config{Gates: gates})
	contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "en")), "100 to come · 1.0 a second, 50 s left",
		"50 held: PortOne&#39;s gate is closed</p>")
}

func TestPageTellsHowManyWorkersAreRunning(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		now := time.Now()
		site := newSite(t, client, monitor.Config{Now: func() time.Time { return now }})
		body := read(t, ask(site, "GET", "/", "Accept-Language", "en"))
		contains(t, body, " · 0 workers are running</p>")
		if strings.Contains(body, "No worker") {
			t.Error("the page asks for workers although nothing waits")
		}
		request := func(r tasks.Revocation) {
			if _, err := outcome.NewStore(client, outcome.Config{}).Ask(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			enqueue(t, client, r)
		}
		request(tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
		now = now.Add(time.Minute)
		contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "en")), "No worker takes tasks; 1 task waits.</p>")
		client.LMove(t.Context(), "asynq:{receipts-kcp}:pending", "asynq:{receipts-kcp}:active", "RIGHT", "LEFT") // a worker died with it
		for i := range 48 {
			request(tasks.Revocation{ImpUID: fmt.Sprintf("imp_2%d", i), PG: tasks.Nice})
		}
		now = now.Add(time.Minute)
		contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "en")), "No worker takes tasks; 49 tasks wait.</p>")
		contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "ko")), "작업을 처리하는 워커가 없습니다. 작업 49건이 대기 중입니다.</p>")

		waiting, served := context.WithCancel(t.Context())
		registered := make(chan error, 1)
		go func() { registered <- asynqkeys.RegisterWaiting(waiting, client, "") }()
		redistest.Eventually(t, 10*time.Second, "the worker that waits is seen", func() bool {
			return strings.Contains(read(t, ask(newSite(t, client, monitor.Config{}), "GET", "/", "Accept-Language", "en")),
				"1 worker waits for PortOne: its log and /readyz say why.</p>")
		})
		served()
		if err := <-registered; err != nil {
			t.Error(err)
		}
		server := asynq.NewServerFromRedisClient(client, asynq.Config{Queues: asynqkeys.Weights("", tasks.Settle), Logger: quiet{}})
		if err := server.Start(asynq.NotFoundHandler()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Shutdown)
		fresh := func() string {
			return read(t, ask(newSite(t, client, monitor.Config{}), "GET", "/", "Accept-Language", "ko"))
		}
		redistest.Eventually(t, 10*time.Second, "the worker is seen", func() bool {
			return strings.Contains(fresh(), " · 실행 중인 워커 1개</p>")
		})
		if strings.Contains(fresh(), "워커가 없습니다") {
			t.Error("the page misses workers although one is running")
		}
	})
}

// Behind PortOne's closed gate no gateway is shown as open, and each of its queues with what pauses it.
func TestPageTellsThatPortOnesGateHoldsAGateway(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	gates := &fakeGates{seen: gate.Snapshot{Gates: map[gate.Name]gate.State{gate.PortOne: {Closed: true, Reason: "no token"}}}}
	for _, pg := range []tasks.Gateway{tasks.KCP, tasks.Nice} {
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_" + string(pg), PG: pg})
	}
	for queue, by := range map[string]string{"receipts-kcp": string(gate.PortOne), "receipts-nice": ""} {
		client.Set(t.Context(), asynqkeys.Key(queue, "paused"), 1, 0)
		gates.pauses = append(gates.pauses, pause.Pause{Queue: queue, Paused: true, Gate: by})
	}
	for language, want := range map[string][]string{
		"en": {"PortOne&#39;s gate is closed</span></h3>", "paused by PortOne&#39;s gate</span>", "paused by a person</span>"},
		"ko": {"포트원 게이트가 닫힘</span></h3>", "포트원 게이트가 일시 정지</span>", "담당자가 일시 정지</span>"},
	} {
		body := read(t, ask(newSite(t, client, monitor.Config{Gates: gates}), "GET", "/", "Accept-Language", language))
		contains(t, body, want...)
		if strings.Contains(body, `badge good`) {
			t.Errorf("%s: a gateway is shown as open:\n%s", language, body)
		}
	}
}

// The search says what a receipt waits for, and no time that is past.
func TestSearchTellsWhatHoldsAReceipt(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		r := tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}
		store := outcome.NewStore(client, outcome.Config{})
		attempt, err := store.Begin(t.Context(), r, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Finish(t.Context(), attempt, outcome.Outcome{
			Status: outcome.Retrying, Reason: outcome.ReasonPGFailure, NextAttemptAt: time.Now().Add(-time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 11, 24, 23, 42, 0, 0, time.UTC)
		gates := &fakeGates{pauses: []pause.Pause{{Queue: "receipts-kcp", Paused: true, Gate: "kcp", Since: at}}}
		held := newSite(t, client, monitor.Config{Gates: gates})
		for language, want := range map[string]string{
			"en": "It waits: the gate of NHN KCP is closed, since 2026-11-25 08:42:00 KST",
			"ko": "대기 중: NHN KCP 게이트가 닫힘, 2026-11-25 08:42:00 KST부터",
		} {
			body := read(t, ask(held, "GET", "/?q=imp_1", "Accept-Language", language))
			contains(t, body, want)
			if strings.Contains(body, "next_attempt_at") {
				t.Errorf("%s: the page tells a time at which nothing is called", language)
			}
		}
		body := read(t, ask(newSite(t, client, monitor.Config{Gates: &fakeGates{}}), "GET", "/?q=imp_1"))
		contains(t, body, "next_attempt_at")
		if strings.Contains(body, "It waits") {
			t.Error("the page says that a receipt is held that is not")
		}
	})
}

func TestPageCountsOneAsOne(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	listed(t, client, "one", 1, tasks.KCP)
	gates := &fakeGates{
		seen: gate.Snapshot{Gates: map[gate.Name]gate.State{
			gate.PortOne:       {Closed: true, Reason: "no token", NextProbe: time.Now().Add(time.Minute)},
			gate.Of(tasks.KCP): {Closed: true, Reason: "down", NextProbe: time.Now().Add(-time.Minute)},
		}},
	}
	body := read(t, ask(newSite(t, client, monitor.Config{Gates: gates}), "GET", "/", "Accept-Language", "en"))
	contains(t, body, "<p>1 receipt: 0 revoked", ", next probe after PortOne&#39;s gate</p>")
	if n := strings.Count(body, "next probe at"); n != 1 {
		t.Errorf("%d next probes have a time, want that of PortOne's gate alone", n)
	}
}
