package worker

import (
	"context"
	"errors"
	"log/slog"

	"github.com/sethvargo/go-retry"

	"receiptrevoker/worker/account"
)

// keepAccount returns an error if the namespace is another account's. It waits for
// Redis, which alone can tell. An account that PortOne does not let in, or not now, is
// compared, but kept only where a person accepts it: its key may be mistyped.
func (w *Worker) keepAccount(ctx context.Context) error {
	kept := account.NewStore(w.config.Redis, w.config.Outcomes.Namespace())
	keep := w.config.AcceptAccount || w.config.API.Authenticate(ctx) == nil
	err := retry.Do(ctx, redisBackoff(), func(ctx context.Context) (err error) {
		var verdict account.Verdict
		if keep {
			verdict, err = kept.Keep(ctx, w.config.API, w.config.AcceptAccount)
		} else {
			err = kept.Compare(ctx, w.config.API)
		}
		switch {
		case errors.Is(err, account.ErrOther):
			return err
		case err != nil:
			w.complaints.Add(slog.LevelWarn, "account", "account not compared, trying again", "error", err)
			return retry.RetryableError(err)
		case verdict == account.Accepted:
			w.config.Log.Warn("this account takes the place of another, which is good for another day")
		case verdict == account.Same && w.config.AcceptAccount:
			w.config.Log.Warn("the account needs no accepting any more: leave that setting out, or it accepts the next one, too")
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil // told to stop before it began
	}
	return err
}
