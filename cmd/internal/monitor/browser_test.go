package monitor_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// requireChromium names the environment variable that, set to 1, makes a test
// fail rather than skip where no Chromium is installed.
const requireChromium = "REVOKER_REQUIRE_CHROMIUM"

// tab is a page in a real Chromium.
type tab struct {
	ctx context.Context

	mu       sync.Mutex
	complain []string          // what the browser wrote on its console
	asked    map[string]string // addresses that it asked for, by request
	denied   map[string]bool   // requests that a policy stopped
}

// openTab starts a Chromium with nothing in it, whose languages are the given
// ones, and which ends with the test.
func openTab(t *testing.T, languages string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv(requireChromium) == "1" {
			t.Fatalf("%s=1, but chromium is not installed: %v", requireChromium, err)
		}
		t.Skip("chromium is not installed; the tests in a real browser need it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(time.Minute),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		// A page that chromium takes for one that nobody sees does not renew itself, or late.
		chromedp.Flag("disable-background-timer-throttling", true), chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
	)
	t.Cleanup(cancel)
	b := &tab{asked: make(map[string]string), denied: make(map[string]bool)}
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.hear))
	t.Cleanup(cancel)
	b.do(t, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		version, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
		if err == nil {
			_, err = cdp.Call(ctx, tab, cdplog.Enable, cdp.Empty{})
		}
		if err == nil {
			_, err = cdp.Call(ctx, tab, network.Enable, network.EnableParams{})
		}
		if err == nil {
			_, err = cdp.Call(ctx, tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
				UserAgent: version.UserAgent, AcceptLanguage: languages,
			})
		}
		if err == nil { // whatever else happens on the machine, the page takes itself for one that a person sees
			_, err = cdp.Call(ctx, tab, emulation.SetFocusEmulationEnabled,
				emulation.SetFocusEmulationEnabledParams{Enabled: true})
		}
		return err
	}))
	return b
}

// hear remembers what goes wrong in the browser, and whom it asks.
func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		b.complain = append(b.complain, e.Entry.Text+" "+e.Entry.URL)
	case *runtime.EventExceptionThrown:
		b.complain = append(b.complain, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		b.asked[string(e.RequestID)] = e.Request.URL
	case *network.EventLoadingFailed:
		if e.BlockedReason == network.BlockedReasonCsp {
			b.denied[string(e.RequestID)] = true
		}
	}
}

// complaints returns what the browser complained of since the last call, but
// for what holds one of the given texts.
func (b *tab) complaints(expected ...string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, complaint := range b.complain {
		known := false
		for _, text := range expected {
			known = known || strings.Contains(complaint, text)
		}
		if !known {
			all = append(all, complaint)
		}
	}
	b.complain = nil
	return all
}

// strangers returns the addresses, others than those of a site, that were asked
// for and not stopped.
func (b *tab) strangers(site string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for id, url := range b.asked {
		if !strings.HasPrefix(url, site) && !strings.HasPrefix(url, "data:") && !b.denied[id] {
			all = append(all, url)
		}
	}
	return all
}

func (b *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		page, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](pageText))
		t.Fatalf("%v; the page is\n%s", err, page)
	}
}

// pageText is what a person sees of a page.
const pageText = `document.body ? document.body.innerText : ""`

// pageState is what decides whether a page renews itself.
const pageState = `"hidden: " + document.hidden + ", active: " + document.activeElement?.tagName +
	", marked: " + !document.getSelection().isCollapsed + ", " + document.readyState +
	", stale: " + !(document.getElementById("stale")?.hidden ?? true)`

// sees waits until the page shows all of the texts.
func (b *tab) sees(t *testing.T, texts ...string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		page := eval[string](t, b, pageText)
		missing := slices.IndexFunc(texts, func(text string) bool { return !strings.Contains(page, text) })
		if missing < 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the page does not show %q, %s; the browser complains: %q; it shows\n%s",
				texts[missing], eval[string](t, b, pageState), b.complaints(), page)
		}
	}
}

// eval returns the value of an expression in the page. One that the page leaves
// meanwhile is asked again.
func eval[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	var err error
	for range 50 {
		var value T
		if value, err = chromedp.Run(b.ctx, chromedp.Evaluate[T](expression)); err == nil {
			return value
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(err)
	panic("not reached")
}
