package outcome

import (
	"context"
	"fmt"
	"time"
)

var beatScript = script("beat_count.lua", "beat.lua")

// Witness is the process of a worker, which notices by a count of heartbeats that Redis lost
// what it had confirmed. Its name must never be used again.
type Witness struct {
	Process string
	// Seen is the greatest count that Redis has confirmed to it.
	Seen int64
}

// Beat counts a heartbeat. It returns the new count, and for how long attempts are still
// uncertain because Redis lost what it had confirmed to this witness or to another: 0 if
// nobody knows of a loss. It fails where Redis takes no writes.
func (s *Store) Beat(ctx context.Context, by Witness) (count int64, lossy time.Duration, err error) {
	reply, err := s.run(ctx, beatScript, s.key("lossy"), by.Process, by.Seen).Int64Slice()
	if err != nil {
		return 0, 0, fmt.Errorf("write that this worker is alive: %w", err)
	}
	return reply[0], max(time.Duration(reply[1])*time.Millisecond, 0), nil
}
