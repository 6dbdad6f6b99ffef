package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
)

// startMonitor runs 'revoker monitor' until the test ends, and returns where it
// is, without a token.
func startMonitor(t *testing.T, environment map[string]string, args ...string) (site string, log *buffer) {
	t.Helper()
	log = &buffer{}
	p := program{stdout: log, stderr: log, getenv: func(name string) string { return environment[name] }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- p.run(ctx, append([]string{"monitor", "--log-format", "json"}, args...)) }()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != exitDone {
			t.Errorf("exit code %d:\n%s", code, log)
		}
	})
	log.await(t, `"url":"http://`)
	found := regexp.MustCompile(`"url":"http://[^"]*:(\d+)`).FindStringSubmatch(log.String())
	return "http://127.0.0.1:" + found[1], log
}

// visitor opens the URL that 'revoker monitor' has printed, as a browser does, and returns a client
// with the cookie that the token was exchanged for.
func visitor(t *testing.T, log *buffer) *http.Client {
	t.Helper()
	printed := regexp.MustCompile(`"url":"(http://[^"]*[?]token=[A-Z2-7]{26,})"`).FindStringSubmatch(log.String())
	if printed == nil {
		t.Fatalf("no URL with a token:\n%s", log)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	person := &http.Client{Jar: jar}
	request, err := http.NewRequest(http.MethodGet, printed[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	response, err := person.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Request.URL.RawQuery != "" {
		t.Fatalf("%s leads to %s: %s", printed[1], response.Request.URL, response.Status)
	}
	return person
}

// Ctrl-C ends the reading of a password, also where nothing comes.
func TestHashIsStopped(t *testing.T) {
	t.Parallel()
	stdin, typed := io.Pipe()
	defer typed.Close()
	var out bytes.Buffer
	p := program{stdin: stdin, stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- p.run(ctx, []string{"monitor", "--hash"}) }()
	stop()
	select {
	case code := <-ended:
		if want := "revoker: stopped: no password was read\n"; code != exitFailed || out.String() != want {
			t.Errorf("exit code %d and %q, want %d and %q", code, out.String(), exitFailed, want)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits for the password")
	}
}

func fetch(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestMonitorServesTheSite(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	queue := enqueue.NewClient(server.Client(t), enqueue.Config{})
	if _, err := queue.Revoke(t.Context(), tasks.Revocation{ImpUID: "imp_1", PG: tasks.Nice}); err != nil {
		t.Fatal(err)
	}
	site, log := startMonitor(t, map[string]string{"REDIS_URL": server.URL()}, "--listen", "127.0.0.1:0")
	if status, _ := fetch(t, http.DefaultClient, site+"/?q=imp_1"); status != http.StatusUnauthorized {
		t.Errorf("without the token: %d", status)
	}
	status, body := fetch(t, visitor(t, log), site+"/?lang=ko&q=imp_1")
	if status != http.StatusOK || !strings.Contains(body, "나이스페이먼츠") || !strings.Contains(body, "<code>queued</code>") {
		t.Errorf("the page: %d\n%s", status, body)
	}
	if status, _ := fetch(t, http.DefaultClient, site+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d", status)
	}
}

func TestMonitorLetsInWhoKnowsThePassword(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse battery"), 10)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "password.hash")
	if err := os.WriteFile(file, fmt.Appendln(nil, string(hash)), 0o600); err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t)
	site, log := startMonitor(t, map[string]string{
		"REDIS_URL": server.URL(), "REVOKER_MONITOR_LISTEN": "0.0.0.0:0", "REVOKER_MONITOR_PASSWORD_HASH_FILE": file,
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	person := &http.Client{Jar: jar}
	if status, body := fetch(t, person, site+"/"); status != http.StatusUnauthorized || strings.Contains(body, "<h2>") {
		t.Errorf("before the login: %d\n%s", status, body)
	}
	form := strings.NewReader(url.Values{"password": {"correct horse battery"}}.Encode())
	request, err := http.NewRequest(http.MethodPost, site+"/login", form)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", site)
	response, err := person.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if status, body := fetch(t, person, site+"/"); status != http.StatusOK || !strings.Contains(body, "Gateways") {
		t.Errorf("after the login: %d\n%s", status, body)
	}
	for _, secret := range []string{string(hash), "correct horse", "battery"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has %q in it:\n%s", secret, log)
		}
	}
}
