package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

func TestLanguageIsTheBrowsersUnlessSwitched(t *testing.T) {
	t.Parallel()
	site := newSite(t, redistest.Embedded(t), monitor.Config{})
	const korean, english = "현금영수증 취소 현황", "Cash receipt revocations"
	for _, c := range []struct{ target, accept, cookie, want string }{
		{"/", "ko-KR,ko;q=0.9,en;q=0.8", "", korean},
		{"/", "ko", "", korean},
		{"/", "en-US,en;q=0.9,ko;q=0.8", "", english},
		{"/", "fr-FR,ko;q=0.5", "", korean},
		{"/", "fr", "", english},
		{"/", "", "", english},
		{"/", "%%%", "", english},
		{"/?lang=en", "ko", "", english},
		{"/?lang=ko", "en", "revoker_lang=en", korean},
		{"/?lang=fr", "ko", "", korean},
		{"/", "en", "revoker_lang=ko", korean},
		{"/", "ko", "revoker_lang=xx", korean},
	} {
		w := ask(site, "GET", c.target, "Accept-Language", c.accept, "Cookie", c.cookie)
		body := read(t, w)
		if !strings.Contains(body, "<h1>"+c.want+"</h1>") {
			t.Errorf("%s with %q and %q is not in the language of %s", c.target, c.accept, c.cookie, c.want)
		}
		remembers, switched := len(w.Result().Cookies()) == 1, c.target == "/?lang=en" || c.target == "/?lang=ko"
		if remembers != switched {
			t.Errorf("%s: cookies %v", c.target, w.Result().Cookies())
		}
	}
	// The switch keeps what was looked for.
	contains(t, read(t, ask(site, "GET", "/?q=imp_1", "Accept-Language", "ko")), `href="/?lang=en&amp;q=imp_1">English`)
	contains(t, read(t, ask(site, "GET", "/?q=imp_1", "Accept-Language", "en")), `href="/?lang=ko&amp;q=imp_1">한국어`)

	guarded := newSite(t, redistest.Embedded(t), monitor.Config{Access: guarded(t)})
	contains(t, read(t, ask(guarded, "GET", "/login", "Accept-Language", "ko")), "비밀번호", `href="/login?lang=en"`)
	contains(t, read(t, ask(guarded, "GET", "/login", "Accept-Language", "en")), "Password", `href="/login?lang=ko"`)
}

func TestPageIsOneSiteAndNothingElse(t *testing.T) {
	t.Parallel()
	site := newSite(t, redistest.Embedded(t), monitor.Config{})
	body := read(t, ask(site, "GET", "/"))
	for _, found := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if !strings.HasPrefix(found[1], "/") || strings.HasPrefix(found[1], "//") {
			t.Errorf("the page asks for %s", found[1])
		}
	}
	if strings.Contains(body, "style=") || regexp.MustCompile(`<script>|\son\w+=`).MatchString(body) {
		t.Error("the page has styles or scripts in it, which its policy forbids")
	}
	contains(t, body, `<noscript><meta http-equiv="refresh" content="5"></noscript>`, "There is no batch.",
		"There is no dead letter.", "No queue exists yet", "No queue yet: KG Inicis, NHN KCP")
}

// fakeGates are gates of which all is known.
type fakeGates struct {
	seen   gate.Snapshot
	pauses []pause.Pause
	err    error
	asked  int
}

func (f *fakeGates) Poll(context.Context) (gate.Snapshot, error) {
	f.asked++
	return f.seen, f.err
}

func (f *fakeGates) Pauses(context.Context) ([]pause.Pause, error) { return f.pauses, f.err }

func TestPageShowsGatewaysAndGates(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.Daou})
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_2", PG: tasks.KCP, Batch: "refunds", Row: 1})
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_3", PG: tasks.KCP, Batch: "refunds", Row: 2})
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_4", PG: tasks.KCP})
		client.Set(t.Context(), "asynq:{receipts-kcp}:paused", "1", 0)
		client.ZAdd(t.Context(), "asynq:{receipts-bulk-kcp}:retry", redis.Z{Member: "x"})
		client.SAdd(t.Context(), "asynq:queues", "mail") // somebody else's
		now := time.Now()
		gates := &fakeGates{
			seen: gate.Snapshot{Hold: 30 * time.Second, Gates: map[gate.Name]gate.State{
				gate.PortOne: {
					Closed: true, Reason: "no token: 401",
					Since: now.Add(-time.Hour), NextProbe: time.Date(2031, 11, 25, 3, 4, 5, 0, time.UTC),
				},
				gate.Of(tasks.KCP): {
					Closed: true, Counted: 150, SucceededAt: time.Date(2026, 11, 24, 23, 41, 0, 0, time.UTC),
					Since:     now.Add(-90 * time.Second),
					NextProbe: now.Add(-time.Minute),
				},
				gate.Of(tasks.Daou): {Waived: true},
			}},
			pauses: []pause.Pause{
				{Queue: "receipts-kcp", Paused: true, By: "kim@ops", Reason: "점검 <06:00>", Since: time.Date(2026, 11, 24, 23, 42, 0, 0, time.UTC)},
				{Queue: "receipts-bulk-kcp", Paused: true, Gate: string(gate.Of(tasks.KCP))},
				{Queue: "receipts-nice", Paused: true}, // does not exist yet
			},
		}
		clock := func() time.Time { return now.Add(75 * time.Second) }
		site := newSite(t, client, monitor.Config{Gates: gates, Now: clock})
		body := read(t, ask(site, "GET", "/", "Accept-Language", "ko"))
		contains(t, body, "NHN KCP", "서로 다른 영수증 150건이 마지막 성공(2026-11-25 08:41:00 KST) 이후 실패했습니다.", "다음 확인 2031-11-25 12:04:05 KST", "차단됨", "포트원 게이트가 열린 뒤 확인",
			"담당자가 일시 정지", "receipts-kcp: kim@ops이(가) 일시 정지, 2026-11-25 08:42:00 KST부터: 점검 &lt;06:00&gt;",
			"receipts-nice: 담당자가 Asynq 웹 UI나 도구에서 일시 정지", "30초 동안 호출하지 않습니다", "게이트가 닫혀", "no token: 401", "키움페이", "열두 시간 동안 성공한 건이 없어", "대기열 없음: KG이니시스",
			`<a href="/asynq/queues/receipts-bulk-kcp">배치</a></th>`+"\n"+`<td>2</td><td>0</td><td>1</td><td>0</td><td>1분</td>`)
		kcp, daou := strings.Index(body, "<code>kcp</code>"), strings.Index(body, "<code>daou</code>")
		if kcp < 0 || kcp > daou {
			t.Errorf("the closed gate of kcp is at %d, not before daou at %d", kcp, daou)
		}
		if strings.Contains(body, "mail") {
			t.Error("the page shows somebody else's queue")
		}
		contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "en")), "paused by a person", "receipts-kcp: paused by kim@ops, since 2026-11-25 08:42:00 KST", "closed",
			"next probe at 2031-11-25 12:04:05 KST, if a request waits", "nothing is called for 30 s", "<td>1 min</td>")
	})
}

func TestPageSaysThatRedisIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr, ContextTimeoutEnabled: true, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
	now := time.Now()
	site := newSite(t, client, monitor.Config{Now: func() time.Time { return now }})
	contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "en")), "NHN KCP")
	server.Kill()
	now = now.Add(time.Hour)
	w := ask(site, "GET", "/", "Accept-Language", "en")
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", w.Code)
	}
	contains(t, read(t, w), "Redis cannot be read", "NHN KCP") // as it was
	if err := server.Up(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if w := ask(site, "GET", "/"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "cannot be read") {
		t.Errorf("when Redis is back: %d", w.Code)
	}
}

// counter counts the commands that a client sends.
type counter struct{ commands int }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.commands++
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.commands += len(cmds)
		return next(ctx, cmds)
	}
}

func TestWatchersShareAReading(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP})
	sent := &counter{}
	client.AddHook(sent)
	now := time.Now()
	site := newSite(t, client, monitor.Config{Now: func() time.Time { return now }})
	ask(site, "GET", "/")
	once := sent.commands
	for range 50 {
		ask(site, "GET", "/")
	}
	if sent.commands != once || once == 0 {
		t.Errorf("51 pages sent %d commands, one sent %d", sent.commands, once)
	}
	now = now.Add(5 * time.Second)
	if ask(site, "GET", "/"); sent.commands == once {
		t.Error("the page is not read again")
	}
	// A gate that cannot be read is no reason to ask without end.
	spoilt := &fakeGates{err: errors.New("spoilt gates")}
	broken := newSite(t, client, monitor.Config{Now: func() time.Time { return now }, Gates: spoilt})
	for range 10 {
		contains(t, read(t, ask(broken, "GET", "/")), "spoilt gates")
	}
	if spoilt.asked != 1 {
		t.Errorf("the gates were asked for %d times", spoilt.asked)
	}
}

func TestPageShowsDeadLettersByReason(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		now := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
		site := newSite(t, client, monitor.Config{Now: func() time.Time { return now }})
		row := func(reason string, n string) string { return fmt.Sprintf("<code>%s</code></th><td>%s</td>", reason, n) }

		bury(t, client, "not_issued", 9000)
		bury(t, client, "refused", 2000)
		bury(t, client, "attempts_exhausted", 1)
		body := read(t, ask(site, "GET", "/", "Accept-Language", "en"))
		// A reading counts so many and no more; then it says of which it knows.
		contains(t, body, "11,001 in all; the reasons are those of the newest 10,000, counted at 12:00:00 KST.",
			row("refused", "2,000"))
		now = now.Add(5 * time.Second)
		contains(t, read(t, ask(site, "GET", "/", "Accept-Language", "ko")), "모두 11,001건, 사유는 12:00:05 KST에 집계했습니다.",
			row("not_issued", "9,000"), row("refused", "2,000"), row("attempts_exhausted", "1"), "발급된 현금영수증 없음")

		client.ZRem(t.Context(), "{receipt}:dead", "imp_not_issued_0")
		for range 3 { // 11,000 letters are counted again, 5,000 at a time
			now = now.Add(5 * time.Second)
			body = read(t, ask(site, "GET", "/"))
		}
		contains(t, body, "11,000 in all; reasons counted", row("not_issued", "8,999"))
	})
}

// bury adds dead letters, each reason's newer than those before.
func bury(t *testing.T, client *redis.Client, reason string, count int) {
	t.Helper()
	newest := client.ZCard(t.Context(), "{receipt}:dead").Val()
	_, err := client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
		for i := range count {
			impUID := fmt.Sprintf("imp_%s_%d", reason, i)
			p.ZAdd(t.Context(), "{receipt}:dead", redis.Z{Score: float64(newest + int64(i)), Member: impUID})
			p.HSet(t.Context(), "{receipt}:outcome:"+impUID, "imp_uid", impUID, "status", "dead", "reason", reason)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPageShowsBatches(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	store := outcome.NewStore(client, outcome.Config{})
	fill := func(name string, revoked, dead, open int) {
		asked := make([]tasks.Revocation, revoked+dead+open)
		for i := range asked {
			asked[i] = tasks.Revocation{ImpUID: fmt.Sprintf("imp_%s_%d", name, i), PG: tasks.KCP, Batch: name, Row: i + 1}
		}
		if _, err := store.AskRows(t.Context(), name, "", 1, make([]outcome.Row, len(asked)), asked); err != nil {
			t.Fatal(err)
		}
		for i := range revoked + dead {
			o := outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonRevoked}
			if i >= revoked {
				o = outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonRefused}
			}
			finish(t, client, asked[i], o)
		}
		if err := store.CompleteBatch(t.Context(), name, len(asked)); err != nil {
			t.Fatal(err)
		}
	}
	fill("open", 50, 10, 40)
	fill("done", 7, 1, 0)
	body := read(t, ask(newSite(t, client, monitor.Config{}), "GET", "/", "Accept-Language", "en"))
	contains(t, body, `<h3>open <span class="share">60.0 %</span>`, "100 receipts: 50 revoked, 10 dead, 40 to come",
		`<rect class="revoked" width="500" height="10"/><rect class="dead" x="500" width="100" height="10"/>`,
		`<h3>done <span class="share">100.0 %</span>`, "8 receipts: 7 revoked, 1 dead, 0 to come", "finished ", " KST</p>")
	if strings.Index(body, "<h3>open") > strings.Index(body, "<h3>done") {
		t.Error("a batch that has finished stands before one that has not")
	}
}
