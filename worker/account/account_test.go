package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/account"
)

// named is an account whose fingerprint is its name.
type named string

func (n named) Fingerprint(key []byte) string { return string(n) + " under " + string(key) }

func TestNamespaceKeepsToOneAccount(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		ctx, kept := t.Context(), account.NewStore(client, "acme")
		if err := kept.Compare(ctx, named("a")); err != nil {
			t.Errorf("no account is known, and a is refused: %v", err)
		}
		for i, step := range []struct {
			account named
			accept  bool
			want    account.Verdict // empty for another account
		}{
			{"a", false, account.First},
			{"a", false, account.Same},
			{"b", false, ""},
			{"a", true, account.Same}, // a setting that was left behind accepts nothing
			{"b", true, account.Accepted},
			{"b", true, account.Same},
			{"a", false, account.Same}, // while workers are replaced both are good
			{"a", true, account.Same},  // and the one before does not come back by itself
			{"c", false, ""},
		} {
			got, err := kept.Keep(ctx, step.account, step.accept)
			if got != step.want || errors.Is(err, account.ErrOther) != (step.want == "") {
				t.Errorf("step %d, %+v: got %q, %v", i, step, got, err)
			}
			if refused := errors.Is(kept.Compare(ctx, step.account), account.ErrOther); refused != (step.want == "") {
				t.Errorf("step %d, %+v: compared as another account: %t", i, step, refused)
			}
		}
		if verdict, err := account.NewStore(client, "other").Keep(ctx, named("c"), false); verdict != account.First {
			t.Errorf("another namespace: got %q, %v", verdict, err)
		}
	})
}

func TestAccountBeforeIsGoodForADay(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		ctx, kept := t.Context(), account.NewStore(client, "acme")
		for _, a := range []named{"a", "b"} {
			if _, err := kept.Keep(ctx, a, true); err != nil {
				t.Fatal(err)
			}
		}
		until, err := client.HGet(ctx, "{acme}:account", "previous_until").Int64()
		if left := time.Until(time.UnixMilli(until)); err != nil || left < 23*time.Hour || left > 25*time.Hour {
			t.Errorf("the account before is good for %v, %v", left, err)
		}
		for _, until := range []any{time.Now().Add(-time.Minute).UnixMilli(), "not a time", ""} {
			if err := client.HSet(ctx, "{acme}:account", "previous_until", until).Err(); err != nil {
				t.Fatal(err)
			}
			if verdict, err := kept.Keep(ctx, named("a"), false); !errors.Is(err, account.ErrOther) {
				t.Errorf("good until %v: got %q, %v", until, verdict, err)
			}
			if err := kept.Compare(ctx, named("a")); !errors.Is(err, account.ErrOther) {
				t.Errorf("good until %v: compared as the same account: %v", until, err)
			}
		}
	})
}

// What Redis cannot tell is no verdict.
func TestAccountThatCannotBeReadIsNoOther(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		ctx, kept := t.Context(), account.NewStore(client, "acme")
		if err := client.Set(ctx, "{acme}:account", "no hash", 0).Err(); err != nil {
			t.Fatal(err)
		}
		_, err := kept.Keep(ctx, named("a"), true)
		if err == nil || errors.Is(err, account.ErrOther) {
			t.Errorf("kept: got %v", err)
		}
		if err := kept.Compare(ctx, named("a")); err == nil || errors.Is(err, account.ErrOther) {
			t.Errorf("compared: got %v", err)
		}
	})
}
