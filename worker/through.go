package worker

import (
	"context"
	"log/slog"
	"time"
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
			log.Warn("nothing gets through to PortOne: not ready until it answers a call on a receipt", "error", err)
		case err == nil && !since.IsZero():
			log.Info("ready for PortOne again: it has answered a call on a receipt, or none was made for an hour",
				"after", time.Since(since).Round(time.Second).String())
			since = time.Time{}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
