package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rogpeppe/go-internal/testscript"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
)

// simulator sends a request to the simulator's controls, such as DELETE faults.
func simulator(ts *testscript.TestScript, _ bool, args []string) {
	request, err := http.NewRequest(args[0], "http://"+ts.Getenv("SIMULATOR")+"/_simulator/"+args[1], http.NoBody)
	ts.Check(err)
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		ts.Fatalf("%s %s: %s", args[0], args[1], response.Status)
	}
}

// command sends a command to Redis.
func command(ts *testscript.TestScript, _ bool, args []string) {
	options, err := redis.ParseURL(ts.Getenv("REDIS_URL"))
	ts.Check(err)
	client := redis.NewClient(options)
	defer client.Close()
	words := make([]any, len(args))
	for i, arg := range args {
		words[i] = arg
	}
	reply, err := client.Do(context.Background(), words...).Result()
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), reply)
}

// redisCLI runs redis-cli on the script's Redis.
func redisCLI(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("redis-cli", append([]string{"-u", ts.Getenv("REDIS_URL")}, args...)...))
}

// letters makes dead letters with a message, and returns the URL of the Redis
// and the store that they are in.
func letters(t *testing.T, count int, message string) (url string, store *outcome.Store) {
	t.Helper()
	client := redistest.Embedded(t)
	store = outcome.NewStore(client, outcome.Config{})
	for i := range count {
		attempt, err := store.Begin(t.Context(), tasks.Revocation{ImpUID: fmt.Sprint("imp_", i)}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		dead := outcome.Outcome{Status: outcome.Dead, Reason: outcome.ReasonRefused, Message: message}
		if _, err := store.Finish(t.Context(), attempt, dead); err != nil {
			t.Fatal(err)
		}
	}
	return "redis://" + client.Options().Addr + "/0", store
}

// deadList returns the dead letters of a store as the commands have them.
func deadList(t *testing.T, url string, store *outcome.Store) *deadletter.List {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	return deadletter.New(client, store, deadletter.Config{})
}

func TestDeadRetryStopsBetweenLettersAndGoesOn(t *testing.T) {
	t.Parallel()
	url, store := letters(t, 20, "")
	left := func() int64 {
		n, err := store.DeadLetters(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var out bytes.Buffer
	p := program{stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan int, 1)
	go func() { ended <- p.run(ctx, []string{"dead", "retry", "--all", "--rate", "10", "--redis", url}) }()
	redistest.Eventually(t, 20*time.Second, "some are retried", func() bool { return left() <= 17 })
	cancel()
	if code := <-ended; code != exitUnfinished {
		t.Errorf("exit code %d, want %d", code, exitUnfinished)
	}
	rest := left()
	want := fmt.Sprintf("%d dead letters retried: %[1]d refused.\nstopped: the same command continues with the rest\n", 20-rest)
	if rest == 0 || out.String() != want {
		t.Errorf("got %q with %d left, want %q", out.String(), rest, want)
	}

	out.Reset()
	if code := p.run(t.Context(), []string{"dead", "retry", "--all", "--rate", "0", "--redis", url}); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	want = fmt.Sprintf("%d dead letters retried: %[1]d refused.\n", rest)
	if left() != 0 || out.String() != want {
		t.Errorf("got %q with %d left, want %q and none", out.String(), left(), want)
	}
}

// Of a page of letters, those that another command has discarded since they were read are not counted.
func TestDeadDiscardCountsWhatItDiscarded(t *testing.T) {
	t.Parallel()
	url, store := letters(t, 3, "")
	list := deadList(t, url, store)
	var page []outcome.Outcome
	for o, err := range list.All(t.Context(), deadletter.Filter{}) {
		if page = append(page, o); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := list.Discard(t.Context(), page[1]); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	walk := newDeadWalk(&out, list, deadletter.Filter{})
	if err := walk.discardAll(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	if err := walk.end("discarded"); err != nil {
		t.Error(err)
	}
	want := "1 dead letter left the list meanwhile, by another command\n2 dead letters discarded: 2 refused.\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// stopper is an output that stops the command at the first letter, as Ctrl-C does.
type stopper struct{ stop func() }

func (s stopper) Write(text []byte) (int, error) {
	s.stop()
	return len(text), nil
}

func TestDeadDryRunThatIsStoppedIsUnfinished(t *testing.T) {
	t.Parallel()
	url, store := letters(t, 20, "")
	for _, command := range []string{"retry", "discard"} {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var out bytes.Buffer
		p := program{stdout: stopper{stop}, stderr: &out, getenv: func(string) string { return "" }}
		code := p.run(ctx, []string{"dead", command, "--all", "--dry-run", "--redis", url})
		if want := "stopped after 1 dead letter; nothing was changed\n"; code != exitUnfinished || out.String() != want {
			t.Errorf("%s: exit code %d and %q, want %d and %q", command, code, out.String(), exitUnfinished, want)
		}
	}
	// Without --yes letters are only counted, and nothing shows when.
	ctx, stop := context.WithCancel(t.Context())
	stop()
	walk := newDeadWalk(&bytes.Buffer{}, deadList(t, url, store), deadletter.Filter{})
	if err := walk.ask(ctx, "would be discarded"); !errors.Is(err, errUnfinished) {
		t.Errorf("the question: %v, want %v", err, errUnfinished)
	}
}

func TestDeadExportRunsNoFormula(t *testing.T) {
	t.Parallel()
	url, _ := letters(t, 1, `=HYPERLINK("http://x","y")`)
	var out bytes.Buffer
	p := program{stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	name := filepath.Join(t.TempDir(), "letters.csv")
	if code := p.run(t.Context(), []string{"dead", "export", name, "--redis", url}); code != exitDone {
		t.Fatalf("exit code %d: %s", code, &out)
	}
	text, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(text), `,refused,,,"'=HYPERLINK(""http://x"",""y"")",1,`) {
		t.Errorf("got %s, %v; want the formula with an apostrophe", text, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	name = filepath.Join(t.TempDir(), "stopped.csv")
	if code := p.run(ctx, []string{"dead", "export", name, "--redis", url}); code != exitFailed {
		t.Errorf("exit code %d of an export that was stopped", code)
	}
	if left, _ := filepath.Glob(name + "*"); left != nil {
		t.Errorf("an export that was stopped leaves %q", left)
	}
}
