package monitor_test

import (
	"fmt"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/cmd/internal/monitor/login"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// furnish fills Redis with some of everything.
func furnish(t *testing.T, client *redis.Client) {
	t.Helper()
	done := tasks.Revocation{ImpUID: "imp_448280090638", PG: tasks.KCP}
	enqueue(t, client, done, asynq.Retention(time.Hour))
	finish(t, client, done, outcome.Outcome{
		Status: outcome.Revoked, Reason: outcome.ReasonRevoked, HTTPStatus: 200, Message: "취소되었습니다",
		Receipt: outcome.Receipt{ApplyNum: "982395841", Type: "person", Amount: 585_100, VAT: 53_190},
	})
	complete(t, client, "receipts-kcp", 1)
	for i := range 30 {
		impUID := fmt.Sprintf("imp_%012d", i)
		enqueue(t, client, tasks.Revocation{ImpUID: impUID, PG: tasks.Nice, Batch: "refunds", Row: i + 1})
	}
	for _, pg := range tasks.Gateways() {
		enqueue(t, client, tasks.Revocation{ImpUID: "imp_" + string(pg), PG: pg})
	}
	for i := range 3 {
		finish(t, client, tasks.Revocation{ImpUID: fmt.Sprintf("imp_dead%d", i), PG: tasks.Daou}, outcome.Outcome{
			Status: outcome.Dead, Reason: outcome.ReasonUnsupportedGateway, HTTPStatus: 501,
		})
	}
}

func TestPeopleWatchInAKoreanBrowser(t *testing.T) {
	t.Parallel()
	b := openTab(t, "ko-KR,ko")
	client := redistest.Embedded(t)
	furnish(t, client)
	// By the site's clock its readings take no time: on a busy machine they would be shown for up to a minute.
	began, later := time.Now(), new(atomic.Int64)
	now := func() time.Time { return began.Add(time.Duration(later.Load())) }
	site := httptest.NewServer(newSite(t, client, monitor.Config{Access: guarded(t), Now: now}))
	t.Cleanup(site.Close)

	b.do(t, chromedp.EmulateViewport(1280, 600), chromedp.Navigate(site.URL))
	b.sees(t, "비밀번호", "로그인")
	b.do(t, chromedp.SendKeys("#password", "a wrong one"+kb.Enter))
	b.sees(t, "비밀번호가 올바르지 않습니다.")
	b.do(t, chromedp.SendKeys("#password", password+kb.Enter))
	b.sees(t, "현금영수증 취소 현황", "나이스페이먼츠", "취소를 지원하지 않는 PG사", "3건", "로그아웃")
	if cookie := eval[string](t, b, `document.cookie`); cookie != "" {
		t.Errorf("scripts can read the cookie %q", cookie)
	}
	stays(t, b, client, later)

	b.do(t, chromedp.SetValue("#q", "imp_448280090638"), chromedp.Submit("#q"))
	b.sees(t, "취소되었습니다", "982395841", "585,100원", "취소 완료")
	fits(t, b)
	b.do(t, chromedp.Click(`//a[text()="English"]`))
	b.sees(t, "tax office's number", "KRW 585,100", "PortOne cannot revoke on this gateway")
	fits(t, b)
	// The password was wrong once, and may be written before the page has put the cursor there.
	if wrong := b.complaints("403 (Forbidden)", "Autofocus processing was blocked"); len(wrong) > 0 {
		t.Errorf("the browser complains: %q", wrong)
	}

	b.do(t, chromedp.EmulateViewport(1280, 900), chromedp.Click(`//dd/a[text()="receipts-kcp"]`))
	b.sees(t, `"gateway": "NHN KCP (kcp)"`)
	b.do(t, chromedp.Navigate(site.URL+"/asynq/queues/receipts-bulk-nice?status=pending"))
	b.sees(t, `"gateway": "나이스페이먼츠 (nice)"`, `"batch": "refunds, line 1"`)
	if wrong := b.complaints("fonts.googleapis.com"); len(wrong) > 0 {
		t.Errorf("the browser complains of the Asynq web UI: %q", wrong)
	}
	if others := b.strangers(site.URL); len(others) > 0 {
		t.Errorf("the browser asks others: %q", others)
	}

	b.do(t, chromedp.Navigate(site.URL), chromedp.Click(`//button[text()="Log out"]`))
	b.sees(t, "Password")
	b.do(t, chromedp.Navigate(site.URL+"/asynq/"))
	b.sees(t, "Password")
}

// stays checks that the page renews itself under the hands of a person who has
// scrolled down and is typing, once it is five seconds later by the site's clock.
func stays(t *testing.T, b *tab, client *redis.Client, later *atomic.Int64) {
	t.Helper()
	b.do(t, chromedp.SendKeys("#q", "imp_half"))
	scrolled := eval[float64](t, b, `window.scrollTo(0, 200), window.scrollY`)
	enqueue(t, client, tasks.Revocation{ImpUID: "imp_new", PG: "newpg"})
	later.Add(int64(5 * time.Second))
	b.sees(t, "PG사 미지정")
	typed := eval[string](t, b, `document.activeElement.id + " " + document.activeElement.value`)
	now := eval[float64](t, b, `window.scrollY`)
	if typed != "q imp_half" || now != scrolled || scrolled == 0 {
		t.Errorf("after a renewal: %q, scrolled to %v; want q imp_half at %v", typed, now, scrolled)
	}
}

// fits checks that nobody has to scroll sideways on a phone.
func fits(t *testing.T, b *tab) {
	t.Helper()
	for _, width := range []int64{320, 375} {
		b.do(t, chromedp.EmulateViewport(width, 700))
		if wide := eval[int64](t, b, `document.documentElement.scrollWidth`); wide > width {
			t.Errorf("the page is %d wide on a phone of %d", wide, width)
		}
	}
}

func TestPeopleWatchInAnEnglishBrowserOnAPhone(t *testing.T) {
	t.Parallel()
	b := openTab(t, "en-US,en")
	client := redistest.Embedded(t)
	furnish(t, client)
	site := httptest.NewServer(bareSite(t, client, monitor.Config{Access: login.Access{Token: token}}))
	t.Cleanup(site.Close)
	b.do(t, chromedp.EmulateViewport(375, 700, chromedp.EmulateMobile), chromedp.Navigate(site.URL))
	b.sees(t, "Open the URL that was printed when this site was started")
	fits(t, b)
	b.complaints() // of 401
	b.do(t, chromedp.Navigate(site.URL+"/?token="+token))
	b.sees(t, "Cash receipt revocations", "NICE Payments", "PortOne cannot revoke on this gateway")
	fits(t, b)
	if at := eval[string](t, b, `location.href`); at != site.URL+"/" {
		t.Errorf("the address bar shows %s", at)
	}
	const figures = `parseFloat(getComputedStyle(document.querySelector(".card td")).fontSize)`
	if size := eval[float64](t, b, figures); size < 14 {
		t.Errorf("figures are %v px high", size)
	}
	b.do(t, chromedp.Click(`//a[text()="한국어"]`))
	b.sees(t, "현금영수증 취소 현황")
	fits(t, b)
	if wrong := b.complaints(); len(wrong) > 0 {
		t.Errorf("the browser complains: %q", wrong)
	}

	// Behind its back the site goes away: then the page says that it is old.
	site.CloseClientConnections()
	site.Close()
	b.sees(t, "연결이 끊겨 이전 내용이 표시되고 있습니다.", "현금영수증 취소 현황")
}
