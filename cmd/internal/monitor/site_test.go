package monitor_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/crypto/bcrypt"

	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/cmd/internal/monitor/login"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

const password = "correct horse battery"

// onePassword has the hash of the password, made once.
var onePassword = sync.OnceValues(func() (login.Users, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), 10)
	if err != nil {
		return nil, err
	}
	return login.Password(string(hash))
})

// guarded admits whoever knows the password.
func guarded(t testing.TB) login.Access {
	t.Helper()
	users, err := onePassword()
	if err != nil {
		t.Fatal(err)
	}
	return login.Access{Users: users}
}

// token is that of a site on loopback.
const token = "ATOKENOFTWENTYSIXCHARACTERS"

// newSite returns a site on client. One whose config admits nobody has a token, and every
// request is given it on its way.
func newSite(t testing.TB, client redis.UniversalClient, config monitor.Config) http.Handler {
	t.Helper()
	if config.Access.Anyone() {
		return bareSite(t, client, config)
	}
	config.Access.Token = token
	site := bareSite(t, client, config)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
		site.ServeHTTP(w, r)
	})
}

// bareSite returns a site on client with the access of config.
func bareSite(t testing.TB, client redis.UniversalClient, config monitor.Config) http.Handler {
	t.Helper()
	config.Redis, config.Outcomes = client, outcome.NewStore(client, outcome.Config{})
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	site, err := monitor.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// ask sends a request as a browser on this machine would, with headers as pairs
// of names and values.
func ask(site http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8980"+target, nil)
	r.Header.Set("Accept", "text/html")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

// logIn returns the cookie of somebody who has logged in.
func logIn(t testing.TB, site http.Handler) string {
	t.Helper()
	r := httptest.NewRequest("POST", "http://127.0.0.1:8980/login", strings.NewReader("password="+password))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://127.0.0.1:8980")
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("logging in: %d %s", w.Code, w.Body)
	}
	return cookies[0].Name + "=" + cookies[0].Value
}

// enqueue puts the task of a revocation on its queue.
func enqueue(t testing.TB, client redis.UniversalClient, r tasks.Revocation, options ...asynq.Option) {
	t.Helper()
	task, err := tasks.NewTask(r, options...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task); err != nil {
		t.Fatal(err)
	}
}

// finish writes what became of a revocation.
func finish(t testing.TB, client redis.UniversalClient, r tasks.Revocation, o outcome.Outcome) {
	t.Helper()
	store := outcome.NewStore(client, outcome.Config{})
	attempt, err := store.Begin(t.Context(), r, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Finish(t.Context(), attempt, o); err != nil {
		t.Fatal(err)
	}
}

// complete lets Asynq complete all tasks of a queue, as a worker would.
func complete(t testing.TB, client redis.UniversalClient, queue string, count int) {
	t.Helper()
	done := make(chan struct{}, count)
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Queues: map[string]int{queue: 1}, Concurrency: 1, Logger: quiet{}, TaskCheckInterval: 10 * time.Millisecond,
	})
	err := server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		done <- struct{}{}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	for range count {
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatalf("tasks of %s were not completed", queue)
		}
	}
	server.Shutdown()
}

// quiet is Asynq's log.
type quiet struct{}

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}

func read(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// contains checks that a body holds all of the texts.
func contains(t testing.TB, body string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(body, text) {
			t.Errorf("no %q in\n%s", text, body)
		}
	}
}

// textLog writes to w.
func textLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
