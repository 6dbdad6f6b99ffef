package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"receiptrevoker/tasks/wait"
)

func TestForWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := wait.For(t.Context(), time.Minute); err != nil || time.Since(began) != time.Minute {
			t.Errorf("got %v after %v, want a minute", err, time.Since(began))
		}
		why := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(why) })
		began = time.Now()
		if err := wait.For(ctx, time.Minute); !errors.Is(err, why) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v, want why it was stopped, after a second", err, time.Since(began))
		}
	})
}
