package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/iamport/iamporttest"
)

// poison is what an attacker writes wherever a text may stand: it sets the title, erases the line, writes
// one of its own, and turns what follows round.
const poison = "fail\x1b]0;pwned\x07\x1b[2K\rimp_999999 revoked\nimp_999999 revoked\u0085\u009b31m\u009d0;x\x7f" +
	"\u202eabc\u2066\u200f\u061c\u2028imp_999999\u2029imp_999999\v\f\x08"

// poisoned fills Redis with what only an attacker or a fault could have written there, beside what
// [furnish] writes: every text of outcomes, batches, gates and pauses, and names of queues and batches.
func poisoned(t *testing.T, client *redis.Client) (batch string) {
	t.Helper()
	ctx := t.Context()
	batch = furnish(t, client)
	keys, err := client.Keys(ctx, "{receipt}:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		switch {
		case strings.HasPrefix(key, "{receipt}:outcome:"):
			// The first stays an outcome of a known gateway, or its letter would be of none.
			client.HSet(ctx, key, "message", poison, "apply_num", poison, "type", poison, "receipt_url", poison,
				"receipt_tid", poison, "batch", poison)
			if !strings.HasSuffix(key, "0") {
				client.HSet(ctx, key, "pg", poison, "reason", poison)
			}
		case strings.HasPrefix(key, "{receipt}:batch:"):
			client.HSet(ctx, key, "source", poison, "asked_"+poison, 1, "reason_"+poison, 1, "dead:"+poison, 1)
		case strings.HasPrefix(key, "{receipt}:gate:"):
			client.HSet(ctx, key, "owner", poison, "reason", poison)
		}
	}
	client.HSet(ctx, "{receipt}:outcome:imp_700000000001", "imp_uid", poison, "status", poison, "reason", poison)
	client.HSet(ctx, "{receipt}:batch:"+poison, "source", poison, "lines", 1, "started_at", time.Now().UnixMilli())
	client.ZAdd(ctx, "{receipt}:batch-index", redis.Z{Score: float64(time.Now().Unix()), Member: poison})
	client.ZAdd(ctx, "{receipt}:dead", redis.Z{Score: 1, Member: poison})
	client.XAdd(ctx, &redis.XAddArgs{Stream: "{receipt}:outcomes", Values: []string{
		"imp_uid", "imp_700000000002", "pg", poison, "status", "dead", "reason", poison, "message", poison, "batch", poison,
		"attempts", "1",
	}})
	client.SAdd(ctx, "asynq:queues", "receipts-"+poison, poison)
	client.LPush(ctx, "asynq:{receipts-"+poison+"}:pending", "x")
	client.Set(ctx, "asynq:{receipts-"+poison+"}:paused", fmt.Sprintf("%d person %s %s", time.Now().Unix(), poison, poison), 0)
	return batch
}

// clean complains of every character in an output that a terminal would obey, or that changes how others
// are shown, and of lines that only the poison has written.
func clean(t *testing.T, output string) {
	t.Helper()
	for i, r := range output {
		if r != '\n' && unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			t.Errorf("it prints %U: %q", r, output[max(0, i-60):min(len(output), i+60)])
			return
		}
	}
	if strings.Contains("\n"+output, "\nimp_999999") {
		t.Errorf("it prints a line that it did not write:\n%s", output)
	}
}

// Nothing that others have written reaches a person's screen as more than letters: what every command
// prints of one poisoned world, its errors included, has no control character but LF, none of U+0080 to
// U+009F, no mark of direction, and no U+2028 or U+2029; nor has --json, nor a CSV.
func TestPoisonIsNotPrinted(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	batch := poisoned(t, server.Client(t))
	w := newWorld(t, server.URL(), iamporttest.Config{})
	// Of an imp_uid in the header a list is refused.
	quoted := `"` + strings.NewReplacer("imp_999999", "x", "\r", "").Replace(poison) + `"`
	list := write(t, "imp_uid,pg,"+quoted+"\n"+quoted+",kcp,a\nimp_100000000001,"+quoted+","+quoted+"\nimp_100000000002,kcp,b\n")
	named := filepath.Join(t.TempDir(), strings.ReplaceAll(poison, "/", "")+".csv")
	if err := os.WriteFile(named, []byte("imp_uid\nimp_100000000003\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := make([]string, 0, 8)
	for i := range 6 {
		all = append(all, fmt.Sprintf("imp_%028d", i))
	}
	all = append(all, "imp_700000000001", "imp_700000000002")
	for _, args := range [][]string{
		{"queue", "list"},
		{"queue", "list", poison},
		{"queue", "list", "--json"},
		{"queue", "pause", "--pg", poison},
		{"queue", "pause", "receipts-kcp", "--reason", poison},
		{"queue", "resume", "receipts-" + poison},
		{"queue", "resume", "receipts-kcp"},
		{"batch", "list"},
		{"batch", "list", "--json"},
		{"batch", "show", batch},
		{"batch", "show", batch, "--json"},
		{"batch", "show", poison},
		{"batch", "report", batch},
		{"batch", "report", poison, list},
		{"batch", "cancel", poison},
		append([]string{"status"}, all...), append([]string{"status", "--json"}, all...),
		{"status", poison},
		{"outcomes"},
		{"outcomes", "--json"},
		{"dead", "list"},
		{"dead", "list", "--json"},
		{"dead", "list", "--batch", poison},
		{"dead", "export", "-"},
		{"dead", "export", "-", "--format", "json"},
		{"dead", "export", poison + "/x"},
		{"dead", "retry", "--all", "--dry-run"},
		{"dead", "retry", all[0]},
		{"dead", "discard", poison, "--yes"},
		{"dead", "settle", all[0], "--revoked", "--reason", poison},
		{"dead", "list", "--since", poison},
		{"bulk", list, "--dry-run"},
		{"bulk", list, "--yes", "--batch", "b"},
		{"bulk", named, "--batch", "n"},
		{"batch", "list"},
		{"batch", "report", "b"},
		{"bulk", named, "--dry-run"},
		{"bulk", poison},
		{"bulk", list, "--column", poison},
		{"enqueue", poison},
		{"enqueue", "imp_100000000001", "--pg", poison},
		{"cancel", poison},
		{"cancel", all[3]},
		{"doctor"},
		{"doctor", "--json"},
		{"frobnicate\n" + poison},
		{"queue", "list", "--" + poison},
		{"help", poison},
		{"enqueue", "imp_100000000009", "--namespace", poison},
		{"work", "--log-level", poison},
		{"version", poison},
		{"demo", poison},
		{"simulate", poison},
		{"simulate", "--fault", poison},
		{"monitor", "--listen", poison},
	} {
		t.Run(strings.ReplaceAll(strings.Join(args, " "), poison, "POISON"), func(t *testing.T) {
			code, stdout, stderr := w.run(t.Context(), args...)
			t.Logf("exit code %d\n%s\n%s", code, stdout, stderr)
			clean(t, stdout)
			clean(t, stderr)
		})
	}
}

// Every line for people passes screen, every JSON printJSON and every CSV sheet: no other file writes to the
// streams of the program.
func TestNothingPassesBesideTheScreen(t *testing.T) {
	t.Parallel()
	writes := regexp.MustCompile(`(?:Fprint(?:f|ln)?|io\.WriteString)\(\w*\.?(?:stdout|stderr|out)\b|os\.Std(?:out|err)\.|fmt\.Print`)
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for i, line := range strings.Split(read(t, file), "\n") {
			switch {
			case !writes.MatchString(line):
			case file == "screen.go", strings.Contains(line, "Fprintln(p.stdout, hash)"):
				found++ // the hash of a password is bcrypt's own, and must not be folded
			default:
				t.Errorf("%s:%d writes beside the screen: %s", file, i+1, line)
			}
		}
	}
	if found < 3 {
		t.Errorf("%d writes found: the pattern finds no others either", found)
	}
}

// Commands that run on, until they are stopped: what they say of the world, in both forms of the log.
func TestPoisonIsNotLogged(t *testing.T) {
	t.Parallel()
	portone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/users/getToken" {
			fmt.Fprint(w, `{"code":0,"response":{"access_token":"t","now":1,"expired_at":9999999999}}`)
			return
		}
		w.WriteHeader(http.StatusInternalServerError)
		_ = printJSON(w, map[string]any{"code": -1, "message": poison})
	}))
	t.Cleanup(portone.Close)
	server := redistest.Start(t)
	poisoned(t, server.Client(t))
	named := filepath.Join(t.TempDir(), strings.ReplaceAll(poison, "/", "")+".csv")
	if err := os.WriteFile(named, []byte("imp_uid,pg\nimp_100000000003,"+`"`+poison+`"`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, server.URL(), iamporttest.Config{}).with(map[string]string{"IAMPORT_URL": portone.URL})
	commands := map[string][]string{
		"text": {"work", "--log-format", "text"}, "json": {"work", "--log-format", "json"},
		"site": {"monitor", "--listen", "127.0.0.1:0", "--log-format", "json"}, "simulate": {"simulate", named, "--listen", "127.0.0.1:0"},
		"wait": {"enqueue", "imp_100000000001", "--pg", "kcp", "--wait"},
	}
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			code, stdout, stderr := w.run(ctx, commands[name]...)
			t.Logf("exit code %d\n%s\n%s", code, stdout, stderr)
			clean(t, stdout)
			clean(t, stderr)
			if stdout+stderr == "" {
				t.Error("it prints nothing")
			}
		})
	}
}
