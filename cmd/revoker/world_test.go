package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/iamport/iamporttest"
)

// world is a simulated PortOne, and the environment in which commands use it.
type world struct {
	portone     *iamporttest.Server
	environment map[string]string
	stdin       io.Reader
}

func newWorld(t *testing.T, redisURL string, config iamporttest.Config) *world {
	t.Helper()
	portone := iamporttest.New(config)
	t.Cleanup(func() { _ = portone.Close() })
	api := httptest.NewServer(portone)
	t.Cleanup(api.Close)
	return &world{stdin: strings.NewReader(""), portone: portone, environment: map[string]string{
		"REDIS_URL": redisURL, "IAMPORT_URL": api.URL,
		"IMP_KEY": iamporttest.DefaultKey, "IMP_SECRET": iamporttest.DefaultSecret,
		"REVOKER_RETRY_BASE": "50ms", "REVOKER_RETRY_MAX": "500ms", "REVOKER_TIMEOUT": "5s", "REVOKER_HTTP": "off",
	}}
}

// with returns the same world with other variables.
func (w *world) with(variables map[string]string) *world {
	environment := maps.Clone(w.environment)
	maps.Copy(environment, variables)
	return &world{w.portone, environment, w.stdin}
}

// client returns a client of the Redis that the environment names.
func (w *world) client(t *testing.T) redis.UniversalClient {
	t.Helper()
	var settings config.Redis
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	settings.Flags(flags)
	if err := config.FromEnvironment(flags, func(name string) string { return w.environment[name] }); err != nil {
		t.Fatal(err)
	}
	client, err := settings.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// run carries a command out.
func (w *world) run(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err buffer
	p := program{
		stdin: w.stdin, stdout: &out, stderr: &err,
		getenv: func(name string) string { return w.environment[name] },
	}
	code = p.run(ctx, args)
	return code, out.String(), err.String()
}

// expect carries a command out that must end with the exit code, and returns
// what it printed.
func (w *world) expect(t *testing.T, want int, args ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := w.run(t.Context(), args...)
	if code != want {
		t.Errorf("revoker %s: exit code %d, want %d\n%s\n%s", strings.Join(args, " "), code, want, stdout, stderr)
	}
	return stdout
}

// list returns a list of n payments, each with a receipt, over three gateways.
// Its lines are as wide as those of order systems are.
func (w *world) list(n int) string {
	var text strings.Builder
	text.WriteString("imp_uid,pg,note\n")
	for i := range n {
		pg := []tasks.Gateway{tasks.KCP, tasks.Nice, tasks.Inicis}[i%3]
		impUID := fmt.Sprintf("imp_%012d", i)
		w.portone.Issue(iamporttest.Receipt{ImpUID: impUID, PG: pg})
		fmt.Fprintf(&text, "%s,%s,%080d\n", impUID, pg, i)
	}
	return text.String()
}

// write writes a file of the test's own and returns its name.
func write(t *testing.T, text string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "refunds.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// compare sees to it that every one of n lines of a report ended as it is true
// at PortOne, and that no receipt was revoked twice. It returns how many are
// revoked.
func (w *world) compare(t *testing.T, report string, n int) (revoked int) {
	t.Helper()
	truth := make(map[string]int)
	for receipt := range w.portone.Truths() {
		truth[receipt.ImpUID] = receipt.Effective
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil || len(records) != n+1 {
		t.Fatalf("the report has %d lines, want %d: %v", len(records)-1, n, err)
	}
	impUID, status := column(records[0], "imp_uid"), column(records[0], "status")
	for _, record := range records[1:] {
		want := map[int]string{0: "dead", 1: "revoked"}[truth[record[impUID]]]
		if record[status] != want {
			t.Errorf("%s ended %q, want %q: it was revoked %d times",
				record[impUID], record[status], want, truth[record[impUID]])
		}
		if record[status] == "revoked" {
			revoked++
		}
	}
	return revoked
}
