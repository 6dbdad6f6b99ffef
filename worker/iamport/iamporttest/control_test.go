package iamporttest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// control sends a request to the simulator's own endpoints, without a token.
func (p *portone) control(method, path, body string) reply {
	p.t.Helper()
	bearer := p.bearer
	defer func() { p.bearer = bearer }()
	p.bearer = ""
	return p.call(p.t.Context(), method, "/_simulator/"+path, body)
}

func TestControlTruth(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := start(t, iamporttest.Config{Now: clock.Now})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_2", PG: tasks.KCP}, iamporttest.Receipt{ImpUID: "imp_1"})
	wantStatus(t, p.revoke("imp_2"), 200)
	wantStatus(t, p.lookup("imp_3"), 404)

	got := p.control("GET", "truth", "")
	wantStatus(t, got, 200)
	lines := strings.Split(strings.TrimSpace(got.text), "\n")
	if len(lines) != 3 {
		t.Fatalf("got %d lines, want 3: %s", len(lines), got.text)
	}
	for i, impUID := range []string{"imp_1", "imp_2", "imp_3"} {
		for _, text := range []string{lines[i], p.control("GET", "truth/"+impUID, "").text} {
			var truth iamporttest.Truth
			if err := json.Unmarshal([]byte(text), &truth); err != nil || truth != p.truth(impUID) {
				t.Errorf("got %s, %v, want %+v", text, err, p.truth(impUID))
			}
		}
	}
	for _, want := range []string{
		`"imp_uid":"imp_2"`, `"pg":"kcp"`, `"issued":true`, `"revoked_at":"2026-11-02T09:00:00Z"`,
		`"deletes":1`, `"lookups":0`, `"effective":1`,
	} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("got %s, want %s in it", lines[1], want)
		}
	}
	if strings.Contains(lines[0], "revoked_at") {
		t.Errorf("got %s, want no revoked_at", lines[0])
	}
	wantStatus(t, p.control("GET", "truth/imp_9", ""), 404)
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{ImpUID: "imp_1", Fault: "403"}}})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"}, iamporttest.Receipt{ImpUID: "imp_2"})
	wantStatus(t, p.control("POST", "faults", "imp_2:429@5s\n\n500x2=20%/lookup\n"), 204)
	if got, want := p.control("GET", "faults", "").text, "imp_1:403\nimp_2:429@5s\n500x2=20%/lookup\n"; got != want {
		t.Errorf("got rules %q, want %q", got, want)
	}
	wantStatus(t, p.revoke("imp_1"), 403)
	wantStatus(t, p.revoke("imp_2"), 429)

	got := p.control("POST", "faults", "502\nkpc:500\n")
	wantStatus(t, got, 400)
	if !strings.Contains(got.text, "line 2") || !strings.Contains(got.text, "kpc") || len(p.Rules()) != 3 {
		t.Errorf("got %q and rules %v, want line 2 refused and none added", got.text, p.Rules())
	}
	wantStatus(t, p.control("DELETE", "faults", ""), 204)
	wantStatus(t, p.revoke("imp_1"), 200)
	wantStatus(t, p.revoke("imp_2"), 200)
}

func TestControlOutages(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1", PG: tasks.KCP})
	wantStatus(t, p.control("PUT", "outages/kcp", ""), 204)
	wantStatus(t, p.revoke("imp_1"), 500)
	wantStatus(t, p.control("DELETE", "outages/kcp", ""), 204)
	wantStatus(t, p.revoke("imp_1"), 200)
	wantStatus(t, p.control("PUT", "outages/kpc", ""), 400)
}

func TestControlStats(t *testing.T) {
	t.Parallel()
	p := start(t, iamporttest.Config{Faults: []iamporttest.Rule{{Times: 1, Fault: "cut-after"}}})
	p.Issue(iamporttest.Receipt{ImpUID: "imp_1"})
	wantCut(t, p.revoke("imp_1"))
	wantStatus(t, p.revoke("imp_1"), 500)
	wantStatus(t, p.lookup("imp_1"), 200)
	got := p.control("GET", "stats", "")
	wantStatus(t, got, 200)
	want := `{"calls":{"lookup":{"200":1},"revoke":{"0":1,"500":1},"token":{"200":1}},` +
		`"faults":{"cut-after":1},"tokens":1,"max_concurrent":1,"revoked":1,"revoked_twice":0,` +
		`"duplicates":1,"during_outage":0,"leaked_tokens":0}`
	if strings.TrimSpace(got.text) != want {
		t.Errorf("got  %swant %s", got.text, want)
	}
}
