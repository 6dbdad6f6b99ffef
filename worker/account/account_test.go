package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/account"
)

func TestNamespaceKeepsToOneAccount(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		if got := standing(t, client, "a"); got != "unknown" {
			t.Errorf("before any worker: a is %s", got)
		}
		for i, step := range []struct {
			name   string
			accept bool
			want   string
		}{
			{"a", false, "current"},
			{"a", false, "current"},
			{"b", false, "other"},
			{"a", true, "current"}, // a setting that was left behind accepts nothing
			{"b", true, "current"},
			{"b", true, "current"},
			{"a", false, "former"}, // while workers are replaced both are good
			{"c", false, "other"},
			{"a", true, "current"}, // the change is taken back
			{"b", false, "former"},
			{"b", true, "current"}, // settings that were left behind on both sides
			{"a", true, "current"},
			{"b", false, "former"},
			{"c", true, "current"},
			{"a", false, "former"},
			{"b", false, "other"},
		} {
			err := newWorker(client, step.name, step.accept).Admit(t.Context())
			if got := standing(t, client, step.name); got != step.want || errors.Is(err, account.ErrOther) != (got == "other") {
				t.Errorf("step %d, %+v: it is %s, %v", i, step, got, err)
			}
		}
	})
}

func TestFormerAccountIsGoodForADay(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx := t.Context()
		admitted(t, client, "a", false)
		admitted(t, client, "b", true)
		is, err := account.NewStore(client, "acme").Compare(ctx, &api{name: "a"})
		if left := time.Until(is.Until); err != nil || !is.Former() || left < 23*time.Hour || left > 25*time.Hour {
			t.Errorf("the former account is good for %v, %v", left, err)
		}
		for _, until := range []any{time.Now().Add(-time.Minute).UnixMilli(), "not a time", ""} {
			if err := client.HSet(ctx, hash, "previous_until", until).Err(); err != nil {
				t.Fatal(err)
			}
			if err := newWorker(client, "a", false).Admit(ctx); !errors.Is(err, account.ErrOther) {
				t.Errorf("good until %v: got %v", until, err)
			}
			if got := standing(t, client, "a"); got != "other" {
				t.Errorf("good until %v: it is %s", until, got)
			}
		}
		admitted(t, client, "a", true)
		if got := standing(t, client, "b"); got != "former" {
			t.Errorf("after the former account was accepted, its day over: the other is %s", got)
		}
	})
}

// What Redis cannot tell is no verdict.
func TestAccountThatCannotBeReadIsNoOther(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		ctx, w := t.Context(), newWorker(client, "a", true)
		if err := client.Set(ctx, hash, "no hash", 0).Err(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- w.Admit(ctx) }()
		if err := <-w.complained; errors.Is(err, account.ErrOther) {
			t.Errorf("complained of %v", err)
		}
		if _, err := w.Store.Compare(ctx, w.API); err == nil || errors.Is(err, account.ErrOther) {
			t.Errorf("compared: got %v", err)
		}
		client.Del(ctx, hash)
		if err := <-ended; err != nil {
			t.Errorf("once it can be read: %v", err)
		}
	})
}
