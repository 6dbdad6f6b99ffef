package monitor_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

func TestSearchFindsTheWholeOutcome(t *testing.T) {
	t.Parallel()
	client := redistest.Embedded(t)
	code := -1
	finish(t, client, tasks.Revocation{ImpUID: "imp_dead", PG: tasks.Nice, Batch: "refunds", Row: 17}, outcome.Outcome{
		Status: outcome.Dead, Reason: outcome.ReasonRefused, HTTPStatus: 200, Code: &code, Message: "취소 기한 <b>경과</b>",
	})
	finish(t, client, tasks.Revocation{ImpUID: "imp_done", PG: tasks.KCP}, outcome.Outcome{
		Status: outcome.Revoked, Reason: outcome.ReasonRevoked, HTTPStatus: 200, Receipt: outcome.Receipt{
			ReceiptTID: "tid1", ApplyNum: "982395841", Type: "company", Amount: 1_100_000, VAT: 100_000,
			ReceiptURL: "https://receipts.invalid/1", AppliedAt: time.Date(2026, 11, 1, 15, 0, 0, 0, time.UTC),
		},
	})
	finish(t, client, tasks.Revocation{ImpUID: "imp_evil", PG: tasks.KCP}, outcome.Outcome{
		Status: outcome.Revoked, Reason: "newer_reason",
		Receipt: outcome.Receipt{ReceiptURL: "javascript:alert(1)", Amount: 1},
	})
	site := newSite(t, client, monitor.Config{})
	korean := func(q string) string {
		return read(t, ask(site, "GET", "/?q="+url.QueryEscape(q), "Accept-Language", "ko"))
	}
	for _, typed := range []string{"imp_dead", "  imp_dead\t", "revoke:imp_dead"} {
		contains(t, korean(typed), `<dl class="outcome dead">`, "나이스페이먼츠 <code>nice</code>", "refunds",
			"처리 불가 <code>dead</code>", "포트원이 요청을 거절함 <code>refused</code>", "취소 기한 &lt;b&gt;경과&lt;/b&gt;",
			"<dd>-1</dd>", "<dd>1</dd>")
	}
	contains(t, korean("imp_done"), "취소 완료", "1,100,000원", "사업자 (지출증빙)", "982395841",
		"2026-11-02 00:00:00 KST", `<a href="https://receipts.invalid/1" rel="noreferrer noopener"`)
	contains(t, read(t, ask(site, "GET", "/?q=imp_done", "Accept-Language", "en")), "PortOne revoked it",
		"KRW 1,100,000", "tax office&#39;s number")
	if body := korean("imp_evil"); strings.Contains(body, `href="javascript`) || !strings.Contains(body, "<dd>newer_reason") {
		t.Errorf("a link that is none, and a reason that is not known:\n%s", body)
	}
}

func TestSearchFindsWhatIsQueued(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP, Batch: "refunds", Row: 17})
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_2", PG: tasks.KCP}, asynq.ProcessIn(time.Hour))
		broken := asynq.NewTask(tasks.TypeRevoke, []byte("{"), asynq.TaskID("a broken/task"), asynq.Queue("receipts"))
		if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), broken); err != nil {
			t.Fatal(err)
		}
		site := newSite(t, client, monitor.Config{})
		search := func(q string) string {
			return read(t, ask(site, "GET", "/?q="+url.QueryEscape(q), "Accept-Language", "ko"))
		}
		contains(t, search("imp_1"), "대기 중 <code>queued</code>", "NHN KCP <code>kcp</code>", "<dd>refunds</dd>",
			`<a href="/asynq/queues/receipts-bulk-kcp/tasks/revoke:imp_1">receipts-bulk-kcp</a> <code>pending</code>`)
		contains(t, search("imp_2"), "대기 중", "<code>scheduled</code>")
		contains(t, search("a broken/task"), "대기 중", `tasks/a%20broken%2Ftask">receipts</a>`)
		contains(t, search("imp_3"), "imp_3에 대한 기록이 없습니다")
		contains(t, search("<imp 3>"), "&lt;imp 3&gt;에 대한 기록이 없습니다", "imp_uid 형식이 아닙니다")
		contains(t, search(strings.Repeat("x", 5000)), "기록이 없습니다", "imp_uid 형식이 아닙니다")
		body := search("  ")
		if !strings.Contains(body, `<section id="found" data-live>`) || strings.Contains(body, "기록이 없습니다") {
			t.Error("nothing was looked for, and nothing may be found")
		}

		finish(t, client, tasks.Revocation{ImpUID: "imp_1", PG: tasks.KCP}, outcome.Outcome{
			Status: outcome.Retrying, Reason: outcome.ReasonPGFailure, NextAttemptAt: time.Now().Add(time.Minute),
		})
		contains(t, search("imp_1"), "재시도 예정", "PG사가 취소 실패로 응답함", "다음 시도", "<code>pending</code>")

		in := time.Now().Add(time.Hour)
		for impUID, want := range map[string]string{"imp_7": "looked up until <code>", "imp_8": "to be looked up since <code>", "imp_9": "no lookup can tell"} {
			o := outcome.Outcome{Status: outcome.Retrying, Reason: outcome.ReasonUnreachable, NextAttemptAt: in, LookedUpUntil: in}
			r := tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}
			switch impUID {
			case "imp_8":
				o.LookedUpUntil = time.Now().Add(-time.Hour)
			case "imp_9":
				r.PG = tasks.Settle
			}
			finish(t, client, r, o)
			contains(t, read(t, ask(site, "GET", "/?q="+impUID, "Accept-Language", "en")), want, "to be tried again", "next attempt")
			if _, err := outcome.NewStore(client, outcome.Config{}).Cancel(t.Context(), []string{impUID}, false); err != nil {
				t.Fatal(err)
			}
			body := read(t, ask(site, "GET", "/?q="+impUID, "Accept-Language", "en"))
			if contains(t, body, want, "no other DELETE follows"); strings.Contains(body, "next attempt") {
				t.Errorf("a cancelled receipt has a next attempt:\n%s", body)
			}
		}

		client.HSet(t.Context(), "{receipt}:outcome:imp_1", "attempts", "many")
		w := ask(site, "GET", "/?q=imp_1", "Accept-Language", "en")
		if w.Code != http.StatusOK {
			t.Errorf("an outcome that cannot be read: %d", w.Code)
		}
		contains(t, read(t, w), "This outcome cannot be read", "attempts")
	})
}
