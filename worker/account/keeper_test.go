package account_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/worker/account"
)

// Where the namespace has an account, PortOne is not asked. Where it has none, or another
// is to be accepted, the account waits until PortOne lets it in.
func TestAccountThatPortOneRefusesIsNotKept(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		known, name string
		accept      bool
		waits       bool
		err         error
	}{
		"none is known":              {"", "a", false, true, nil},
		"none, and it is accepted":   {"", "a", true, true, nil},
		"it is known":                {"a", "a", false, false, nil},
		"a setting was left behind":  {"a", "a", true, false, nil},
		"another is known":           {"b", "a", false, false, account.ErrOther},
		"it replaces another":        {"b", "a", true, true, nil},
		"the former one":             {"a b", "a", false, false, nil},
		"the former one is accepted": {"a b", "a", true, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				for _, known := range strings.Fields(test.known) {
					admitted(t, client, known, true)
				}
				before := client.HGetAll(t.Context(), hash).Val()
				w := newWorker(client, test.name, test.accept)
				w.api.refused.Store(true)
				ended := make(chan error, 1)
				go func() { ended <- w.Admit(t.Context()) }()
				if test.waits {
					eventually(t, "PortOne is asked again", func() bool { return w.api.asked.Load() > 2 })
					if now := client.HGetAll(t.Context(), hash).Val(); !maps.Equal(now, before) {
						t.Errorf("Redis holds %v, and held %v", now, before)
					}
					if err := w.Err(); !strings.Contains(err.Error(), "before PortOne accepts the account: no token from PortOne: HTTP 503") {
						t.Errorf("it waits because of %v", err)
					}
					w.api.refused.Store(false)
				}
				if err := <-ended; !errors.Is(err, test.err) || (w.Err() == nil) != (err == nil) {
					t.Errorf("got %v, %v; want %v", err, w.Err(), test.err)
				}
				if asked := w.api.asked.Load() > 0; asked != test.waits {
					t.Errorf("PortOne was asked: %t", asked)
				}
				if said := w.log.count("waiting for PortOne"); said > 1 || (said == 1) != test.waits {
					t.Errorf("it said %d times that it waits", said)
				}
			})
		})
	}
}

// Of two accounts that wait for PortOne one is the namespace's.
func TestTwoAccountsWait(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		const each = 4
		var all []*worker
		ended := make(chan error, 2*each)
		for i := range 2 * each {
			w := newWorker(client, string("ab"[i%2]), false)
			w.api.refused.Store(true)
			all = append(all, w)
			go func() { ended <- w.Admit(t.Context()) }()
		}
		for _, w := range all {
			eventually(t, "it waits", func() bool { return w.log.count("waiting for PortOne") == 1 })
		}
		for _, w := range all {
			w.api.refused.Store(false)
		}
		others := 0
		for range all {
			if err := <-ended; errors.Is(err, account.ErrOther) {
				others++
			} else if err != nil {
				t.Error(err)
			}
		}
		if others != each {
			t.Errorf("%d of %d are refused, want one half", others, len(all))
		}
	})
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorker(redistest.Embedded(t), "a", false)
	w.api.refused.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Admit(ctx) }()
	eventually(t, "it waits", func() bool { return w.log.count("waiting for PortOne") == 1 })
	cancel()
	if err := <-ended; err != nil || w.Err() == nil {
		t.Errorf("got %v, and takes tasks: %t", err, w.Err() == nil)
	}
}

func TestAccountThatRedisLostIsWrittenAgain(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		a, b := admitted(t, client, "a", false), admitted(t, client, "b", true)
		endedA, endedB := a.watch(t), b.watch(t)
		eventually(t, "a knows that it is the former one", func() bool { return a.log.count("former one") == 1 })
		before := client.HGetAll(t.Context(), hash).Val()
		a.api.refused.Store(true)
		b.api.refused.Store(true)
		lost := time.Now()
		for _, command := range []string{"flushdb", "del"} {
			if command == "del" {
				client.Del(t.Context(), hash)
			} else {
				client.FlushDB(t.Context())
			}
			eventually(t, "it is written again", func() bool { return maps.Equal(client.HGetAll(t.Context(), hash).Val(), before) })
		}
		t.Logf("written again twice within %v", time.Since(lost))
		for name, want := range map[string]string{"a": "former", "b": "current", "c": "other"} {
			if got := standing(t, client, name); got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
		if said := a.log.count("written again") + b.log.count("written again"); said != 2 {
			t.Errorf("it was said %d times, want once for each loss", said)
		}
		if len(endedA)+len(endedB) > 0 {
			t.Error("a worker stopped")
		}
	})
}

// losing deletes the account once, right after it was written.
type losing struct {
	client *redis.Client
	once   *sync.Once
}

func (losing) DialHook(next redis.DialHook) redis.DialHook { return next }

func (losing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (l losing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if strings.HasPrefix(cmd.Name(), "eval") && err == nil {
			l.once.Do(func() { l.client.Del(ctx, hash) })
		}
		return err
	}
}

// Redis loses it again before it is read back.
func TestAccountThatRedisLosesTwiceIsWrittenAgain(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		a := admitted(t, client, "a", false)
		before := client.HGetAll(t.Context(), hash).Val()
		client.AddHook(losing{client: client, once: new(sync.Once)})
		client.FlushDB(t.Context())
		ended := a.watch(t)
		eventually(t, "it is written for good", func() bool {
			return a.log.count("written again") == 2 && maps.Equal(client.HGetAll(t.Context(), hash).Val(), before)
		})
		if len(ended) > 0 {
			t.Errorf("it stopped: %v", <-ended)
		}
	})
}

// A new worker of the same account was first in a Redis that was emptied.
func TestAccountIsKnownUnderAnotherKey(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		a := admitted(t, client, "a", false)
		client.FlushDB(t.Context())
		admitted(t, client, "a", false)
		ended := a.watch(t)
		client.FlushDB(t.Context())
		eventually(t, "it is written again", func() bool { return standing(t, client, "a") == "current" })
		if len(ended) > 0 {
			t.Errorf("it stopped: %v", <-ended)
		}
	})
}

func TestWorkerWhoseDayIsOver(t *testing.T) {
	t.Parallel()
	for name, accept := range map[string]bool{"stops": false, "goes on where it is accepted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.One(t, func(t *testing.T, client *redis.Client) {
				ctx := t.Context()
				a := admitted(t, client, "a", false)
				a.Accept = accept
				admitted(t, client, "b", true)
				ended := a.watch(t)
				eventually(t, "it says so", func() bool { return a.log.count("former one") == 1 })
				client.HSet(ctx, hash, "previous_until", time.Now().Add(-time.Minute).UnixMilli())
				if !accept {
					if err := <-ended; !errors.Is(err, account.ErrOther) {
						t.Errorf("it ended with %v", err)
					}
					return
				}
				eventually(t, "its day is prolonged", func() bool { return standing(t, client, "a") == "former" })
				if got := standing(t, client, "b"); got != "current" || len(ended) > 0 {
					t.Errorf("the other is %s; it ended: %t", got, len(ended) > 0)
				}
				if a.log.count("takes the place") != 0 {
					t.Error("it says that it takes the place of another")
				}
				admitted(t, client, "c", true) // which leaves no place for a
				eventually(t, "it takes the place of the third", func() bool { return standing(t, client, "a") == "current" })
			})
		})
	}
}

// The day of an account that is accepted is prolonged before it is over: workers of it
// that have not the setting would stop.
func TestDayIsProlongedInTime(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		a, beside := admitted(t, client, "a", false), admitted(t, client, "a", false)
		a.Accept = true
		admitted(t, client, "b", true)
		ended := beside.watch(t)
		a.watch(t)
		client.HSet(t.Context(), hash, "previous_until", time.Now().Add(time.Hour).UnixMilli())
		eventually(t, "the day is prolonged", func() bool {
			is, err := a.Store.Compare(t.Context(), a.API)
			return err == nil && time.Until(is.Until) > 23*time.Hour
		})
		if len(ended) > 0 {
			t.Errorf("the other worker of the account ended: %v", <-ended)
		}
	})
}

func TestWorkerStopsWhereTheNamespaceBecomesAnothers(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		a := admitted(t, client, "a", false)
		client.FlushDB(t.Context())
		admitted(t, client, "b", false)
		if err := <-a.watch(t); !errors.Is(err, account.ErrOther) {
			t.Errorf("it ended with %v", err)
		}
	})
}

func TestFormerAccountIsToldOnceAnHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorker(nil, "a", false)
		until := time.Date(2026, 11, 27, 3, 4, 5, 0, time.UTC)
		for i, step := range []struct {
			later time.Duration
			want  int
		}{{0, 1}, {0, 1}, {59 * time.Minute, 1}, {time.Minute, 2}, {time.Minute, 2}, {time.Hour, 3}} {
			time.Sleep(step.later)
			w.Warn(account.Standing{Known: true, Until: until})
			if said := w.log.count("good_until=2026-11-27T03:04:05Z"); said != step.want {
				t.Errorf("step %d: said %d times, want %d", i, said, step.want)
			}
		}
	})
}

// What no repetition mends is not waited for.
func TestAdmissionEndsAtOnceWithoutTheRight(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	if err := server.Client(t).Do(t.Context(), "acl", "setuser", "few", "on", ">pw", "~*", "+ping").Err(); err != nil {
		t.Fatal(err)
	}
	few := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "few", Password: "pw", DisableIdentity: true})
	defer few.Close()
	keeper := newWorker(few, "a", false)
	if err := keeper.Admit(t.Context()); redisfault.Of(err) != redisfault.NoPerm {
		t.Errorf("got %v", err)
	}
}
