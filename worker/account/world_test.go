package account_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/account"
)

const hash = "{acme}:account"

// api is an account that PortOne lets in, or not. Its fingerprint is its name.
type api struct {
	name    string
	refused atomic.Bool
	asked   atomic.Int64
}

func (a *api) Fingerprint(key []byte) string { return a.name + " under " + string(key) }

func (a *api) Authenticate(context.Context) error {
	a.asked.Add(1)
	if a.refused.Load() {
		return errors.New("HTTP 503")
	}
	return nil
}

// lines are a log's lines.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

// count returns how many lines hold a text.
func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.all.String(), text)
}

// worker is one that keeps its account.
type worker struct {
	*account.Keeper
	api        *api
	log        *lines
	complained chan error
}

func newWorker(client *redis.Client, name string, accept bool) *worker {
	w := &worker{api: &api{name: name}, log: new(lines), complained: make(chan error, 10_000)}
	w.Keeper = &account.Keeper{
		Store: account.NewStore(client, "acme"), API: w.api, Accept: accept,
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Complain: func(err error) { w.complained <- err },
	}
	return w
}

// admitted returns a worker whose account is admitted.
func admitted(t *testing.T, client *redis.Client, name string, accept bool) *worker {
	t.Helper()
	w := newWorker(client, name, accept)
	if err := w.Admit(t.Context()); err != nil || w.Err() != nil {
		t.Fatalf("%s is not admitted: %v, %v", name, err, w.Err())
	}
	return w
}

// watch watches the account until the test ends, and returns what Watch returned.
func (w *worker) watch(t *testing.T) (ended chan error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() { ended <- w.Watch(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return ended
}

// standing returns what an account is to the namespace now.
func standing(t *testing.T, client *redis.Client, name string) string {
	t.Helper()
	is, err := account.NewStore(client, "acme").Compare(t.Context(), &api{name: name})
	switch {
	case errors.Is(err, account.ErrOther):
		return "other"
	case err != nil:
		t.Fatal(err)
	case !is.Known:
		return "unknown"
	case is.Former():
		return "former"
	}
	return "current"
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	redistest.Eventually(t, 30*time.Second, what, is)
}
