// Package backoff says how often a revocation is attempted, and when.
package backoff

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/sethvargo/go-retry"
)

// The schedule's defaults.
const (
	// DefaultAttempts outlasts the maintenance of a night and a morning: 10 hours 43 minutes.
	DefaultAttempts = 30
	// DefaultBase is longer than a gateway's hiccup, and short for a person who waits.
	DefaultBase = 5 * time.Second
	// DefaultMax is how long after the end of an outage a receipt is called at the latest,
	// where no gate saw the outage.
	DefaultMax = 30 * time.Minute
)

// jitterPercent spreads retries, so that tasks that failed together do not
// come back together.
const jitterPercent = 20

// manyDelays is after how many delays every schedule has reached its longest.
const manyDelays = 64

// Schedule says how often a revocation is attempted and when. The zero value
// is the default: 30 attempts, 5 s after the first, doubling up to 30 minutes:
//
//	5s 10s 20s 40s 1m20s 2m40s 5m20s 10m40s 21m20s 30m 30m …
//
// The 29 delays come to 10 hours and 43 minutes, which outlasts the longest
// maintenance that gateways announce, six hours.
type Schedule struct {
	// Attempts is how many DELETE calls are made at most. Default 30.
	Attempts int
	// Base is the delay after the first attempt. Default 5 s.
	Base time.Duration
	// Max bounds every delay. Default 30 minutes.
	Max time.Duration
}

// WithDefaults returns the schedule with every zero field replaced.
func (s Schedule) WithDefaults() Schedule {
	return Schedule{
		Attempts: cmp.Or(s.Attempts, DefaultAttempts),
		Base:     cmp.Or(s.Base, DefaultBase),
		Max:      cmp.Or(s.Max, DefaultMax),
	}
}

// Validate returns an error that begins with the flag, without dashes, of the field that
// is out of range. Zero is no default here; see [Schedule.WithDefaults].
func (s Schedule) Validate() error {
	switch {
	case s.Attempts < 1:
		return fmt.Errorf("retry-attempts %d must be at least 1", s.Attempts)
	case s.Base <= 0:
		return fmt.Errorf("retry-base %v must be above 0", s.Base)
	case s.Max < s.Base:
		return fmt.Errorf("retry-max %v must not be below retry-base %v", s.Max, s.Base)
	}
	return nil
}

// Delay returns how long to wait after the given attempt, counted from 1:
// within 20 % of the schedule and never above Max. It goes on doubling for attempts
// that do not count.
func (s Schedule) Delay(attempt int) time.Duration {
	s = s.WithDefaults()
	return s.after(attempt, retry.WithCappedDuration(s.Max, retry.WithJitterPercent(jitterPercent, s.exact())))
}

// Longest returns the delay after the last attempt, and after what no attempt
// can mend.
func (s Schedule) Longest() time.Duration { return s.Delay(s.WithDefaults().Attempts) }

// exact returns the backoff without its jitter.
func (s Schedule) exact() retry.Backoff {
	return retry.WithCappedDuration(s.Max, retry.NewExponential(s.Base))
}

// after returns what the backoff says after the given attempt. A backoff of
// go-retry serves one operation in one process; ours goes on in another, so it
// is wound forward each time.
func (s Schedule) after(attempt int, backoff retry.Backoff) time.Duration {
	delay, _ := backoff.Next()
	for range min(attempt, manyDelays) - 1 {
		delay, _ = backoff.Next()
	}
	return delay
}

// String returns the delays without their jitter, up to where they no longer
// change, and how many attempts there are.
func (s Schedule) String() string {
	s = s.WithDefaults()
	var b strings.Builder
	var before time.Duration
	for attempt := 1; attempt < s.Attempts; attempt++ {
		delay := s.after(attempt, s.exact())
		if delay == before {
			b.WriteString("… ")
			break
		}
		fmt.Fprintf(&b, "%v ", delay)
		before = delay
	}
	return fmt.Sprintf("%s(%d attempts)", b.String(), s.Attempts)
}
