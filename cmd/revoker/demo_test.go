package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func runDemo(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, err buffer
	p := program{stdout: &out, stderr: &err, getenv: func(string) string { return "" }}
	if code := p.run(t.Context(), append([]string{"demo", "--ui", "127.0.0.1:0"}, args...)); code != exitDone {
		t.Errorf("exit code %d:\n%s\n%s", code, &out, &err)
	}
	return out.String(), err.String()
}

func TestDemoShowsEveryReason(t *testing.T) {
	t.Parallel()
	stdout, _ := runDemo(t)
	for _, r := range reasonTexts {
		if !strings.Contains(stdout, " "+string(r.reason)+" ") {
			t.Errorf("no outcome is %s:\n%s", r.reason, stdout)
		}
	}
	if want := "301 receipts took "; !strings.Contains(stdout, want) || !strings.Contains(stdout, "with 0 differences") {
		t.Errorf("the books are not compared:\n%s", stdout)
	}
	if !regexp.MustCompile(`(?m)^To watch: http://127\.0\.0\.1:\d+/\?token=[A-Z2-7]{26}$`).MatchString(stdout) {
		t.Errorf("no URL of the web site with its token:\n%s", stdout)
	}
	for line := range strings.Lines(stdout) {
		if width := len([]rune(line)); width > 81 {
			t.Errorf("wider than a terminal: %s", line)
		}
	}
}

func TestDemoTakesAList(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "own.csv")
	text := "주문번호,거래고유번호,PG사\n1,imp_950000000001,NHN KCP\n2,imp 95,NHN KCP\n3,imp_950000000002,키움페이\n"
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr := runDemo(t, list)
	if !strings.Contains(stdout, "2 receipts took ") || !strings.Contains(stderr, `line 3: imp_uid "imp 95" contains`) {
		t.Errorf("got:\n%s\n%s", stdout, stderr)
	}
}

func TestDemoOfAListWithoutAUsableLine(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "own.csv")
	if err := os.WriteFile(list, []byte("imp_uid\nimp 95\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs buffer
	p := program{stdout: &out, stderr: &errs, getenv: func(string) string { return "" }}
	args := []string{"demo", "--keep", "--ui", "127.0.0.1:0", list}
	if code := p.run(t.Context(), args); code != exitFailed || !strings.Contains(errs.String(), "no line can be used") {
		t.Errorf("exit code %d:\n%s\n%s", code, &out, &errs)
	}
}
