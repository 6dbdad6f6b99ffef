package worker

import (
	"context"
	"log/slog"
	"time"

	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/revoke"
)

// blockedEvery is how often it is seen whether calls get through to PortOne. It takes time to
// become known, without any call.
const blockedEvery = time.Second

// tellBlocked writes once when nothing gets through to PortOne any more, as blocked tells, and
// once when that is over, until ctx is done.
func tellBlocked(ctx context.Context, log *slog.Logger, blocked func() error) {
	ticker := time.NewTicker(blockedEvery)
	defer ticker.Stop()
	var since time.Time // when that became known, zero while it is not so
	for {
		switch err := blocked(); {
		case err != nil && since.IsZero():
			since = time.Now()
			log.Warn("nothing gets through to PortOne: not ready until a call on a receipt does",
				"error", err, "advice", revoke.Advice(err))
		case err == nil && !since.IsZero():
			log.Info("ready for PortOne again: a call on a receipt got through, here or in another worker, "+
				"or none was made for an hour", "after", time.Since(since).Round(time.Second).String())
			since = time.Time{}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// cutOff returns a function that returns what [iamport.Client.Blocked] does, where a receipt
// that any worker has revoked since it was last called counts as an answer to this one: the
// next attempt at a receipt is seldom made by the same worker. It compares no clocks.
func cutOff(api *iamport.Client, gates func() map[gate.Name]gate.State) func() error {
	var known time.Time
	return func() error {
		latest := known
		for _, state := range gates() {
			if state.SucceededAt.After(latest) {
				latest = state.SucceededAt
			}
		}
		if latest.After(known) {
			known = latest
			api.Answered()
		}
		return api.Blocked()
	}
}
