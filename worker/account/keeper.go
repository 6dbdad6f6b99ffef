package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/tasks/redisfault"
)

// watchEvery is how often an account is compared: its key may have been refused at
// first, and Redis may have been emptied since.
const watchEvery = 15 * time.Second

// API is how a worker calls PortOne. [receiptrevoker/worker/iamport.Client] is one.
type API interface {
	Account
	// Authenticate returns why PortOne does not let the account in, nil if it does.
	Authenticate(context.Context) error
}

// Keeper sees to it that a worker's account is its namespace's.
type Keeper struct {
	Store *Store
	API   API
	// Accept lets the account take the place of another.
	Accept bool
	// Log is told what a person should know, and Complain what fails and is tried again.
	Log      *slog.Logger
	Complain func(error)
}

// Admit returns nil once the account is the namespace's, or ctx is done, and an error
// that matches [ErrOther] if it is not. It waits for Redis, unless [redisfault.Permanent]
// says that waiting does not help, and where a person accepts the account for PortOne too:
// its key may be mistyped.
func (k Keeper) Admit(ctx context.Context) error {
	err := retry.Do(ctx, redisfault.Backoff(), func(ctx context.Context) error {
		verdict, err := k.compare(ctx, k.Accept)
		switch {
		case errors.Is(err, ErrOther), redisfault.Permanent(err):
			return err
		case err != nil:
			k.Complain(err)
			return retry.RetryableError(err)
		case verdict == Accepted:
			k.Log.Warn("this account takes the place of another, which is good for another day")
		case k.Accept:
			k.Log.Warn("the account needs no accepting any more: leave that setting out, or it accepts the next one, too")
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Watch returns an error that matches [ErrOther] once the namespace is another account's,
// and nil when ctx is done.
func (k Keeper) Watch(ctx context.Context) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if _, err := k.compare(ctx, false); errors.Is(err, ErrOther) {
			return err
		}
	}
}

// compare compares the account with the namespace's, and keeps it where none is known
// and PortOne lets it in.
func (k Keeper) compare(ctx context.Context, accept bool) (Verdict, error) {
	refused := k.API.Authenticate(ctx)
	switch {
	case refused == nil:
		return k.Store.Keep(ctx, k.API, accept)
	case accept:
		return "", fmt.Errorf("the account is accepted once PortOne lets it in: %w", refused)
	}
	return Same, k.Store.Compare(ctx, k.API)
}
