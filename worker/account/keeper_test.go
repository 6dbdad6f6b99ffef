package account_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/redisfault"
	"receiptrevoker/tasks/redistest"
	"receiptrevoker/worker/account"
)

// api is an account that PortOne lets in, or not.
type api struct {
	named
	refused atomic.Bool
}

func (a *api) Authenticate(context.Context) error {
	if a.refused.Load() {
		return errors.New("refused")
	}
	return nil
}

// What PortOne does not let in is compared, and kept once it does; it takes the place of
// another only then.
func TestAccountThatPortOneRefusesIsNotKept(t *testing.T) {
	t.Parallel()
	redistest.Both(t, func(t *testing.T, client *redis.Client) {
		ctx, complained := t.Context(), make(chan error, 1_000)
		keeper := func(a *api, accept bool) account.Keeper {
			return account.Keeper{
				Store: account.NewStore(client, "acme"), API: a, Accept: accept, Log: slog.New(slog.DiscardHandler),
				Complain: func(err error) { complained <- err },
			}
		}
		known := func() string { return client.HGet(ctx, "{acme}:account", "current").Val() }
		a, b := &api{named: "a"}, &api{named: "b"}
		a.refused.Store(true)
		if err := keeper(a, false).Admit(ctx); err != nil || known() != "" {
			t.Errorf("refused, where none is known: %v, and %q is known", err, known())
		}
		a.refused.Store(false)
		if err := keeper(a, false).Admit(ctx); err != nil || known() == "" {
			t.Errorf("let in, where none is known: %v, and %q is known", err, known())
		}
		before := known()
		b.refused.Store(true)
		if err := keeper(b, false).Admit(ctx); !errors.Is(err, account.ErrOther) {
			t.Errorf("another one, refused: %v", err)
		}
		admitted := make(chan error, 1)
		go func() { admitted <- keeper(b, true).Admit(ctx) }()
		if err := <-complained; err == nil || known() != before {
			t.Errorf("a refused one is accepted: %v", err)
		}
		b.refused.Store(false)
		if err := <-admitted; err != nil || known() == before {
			t.Errorf("one that is let in is not accepted: %v", err)
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
	keeper := account.Keeper{
		Store: account.NewStore(few, "acme"), API: &api{named: "a"}, Log: slog.New(slog.DiscardHandler), Complain: func(error) {},
	}
	if err := keeper.Admit(t.Context()); redisfault.Of(err) != redisfault.NoPerm {
		t.Errorf("got %v", err)
	}
}
