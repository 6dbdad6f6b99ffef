package gate

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"receiptrevoker/tasks"
)

const (
	// DefaultReceipts is the default of [Config.Receipts]. With fewer, a gate would close on
	// an ordinary list of which most receipts fail; with more, an outage costs more attempts.
	DefaultReceipts = 80
	// DefaultProbe is the default of [Config.Probe]: a gate that closed on a bad part of a
	// list opens soon.
	DefaultProbe = time.Second
	// DefaultProbeMax is the default of [Config.ProbeMax], by which a gate may outlast an
	// outage.
	DefaultProbeMax = 10 * time.Second
	// DefaultPatience is the default of [Config.Patience], which says why.
	DefaultPatience = 12 * time.Hour
	// DefaultPoll is the default of [Config.Poll]: an idle process asks Redis five times a
	// second.
	DefaultPoll = 200 * time.Millisecond

	// Fewest is how many receipts must have failed for a gate to close where
	// nothing has succeeded for long: fewer are worth all their attempts.
	Fewest = 10
	// long is how long nothing must have succeeded then.
	long = 10 * time.Minute

	// life is how long a gate is remembered that nothing changes. Probes change a
	// closed one.
	life = 24 * time.Hour
	// proberLife is how long a process is believed to probe without a sign of life, which it
	// gives every [Config.Poll]. Only then another one probes instead.
	proberLife = 2 * time.Second
	// longestProbe is the longest time between two probes, and so between a gateway's return
	// and its gate's opening.
	longestProbe = time.Hour
)

// Config says when gates close and how they open again. The zero value is the
// default.
type Config struct {
	// Receipts is how many different receipts must have failed since the gateway's
	// last success for its gate to close. A gateway that is down costs so many attempts.
	// A list of which 95 % fail for ever may close it once; the first probes, of many
	// receipts at once, then open it, and for ten minutes it takes twice as many. Default 80.
	Receipts int
	// Probe is how long after closing the first probe is made. Each interval is
	// a tenth longer than the one before, so that the gateway's return is
	// noticed within a tenth of the time that it was away, up to ProbeMax.
	// Default 1 s and 10 s.
	Probe, ProbeMax time.Duration
	// Patience is how long nothing must have succeeded on a gateway for its gate to be
	// waived. It is twice what gateways announce for their longest maintenance, and
	// longer than the schedule of retries. Default 12 h.
	Patience time.Duration
	// Poll is how old what a process knows of the gates may be, at most a second: a gate
	// that closes holds the calls of other processes back so much later. Default 200 ms.
	Poll time.Duration
	// Rate bounds the DELETE calls of all processes. Default: it does not.
	Rate Rate
}

// WithDefaults returns the settings with every zero field replaced but Rate, whose zero is no limit.
func (c Config) WithDefaults() Config {
	c.Receipts = cmp.Or(c.Receipts, DefaultReceipts)
	c.Probe = cmp.Or(c.Probe, DefaultProbe)
	c.ProbeMax = cmp.Or(c.ProbeMax, max(DefaultProbeMax, c.Probe))
	c.Patience = cmp.Or(c.Patience, DefaultPatience)
	c.Poll = cmp.Or(c.Poll, DefaultPoll)
	return c
}

// String returns the settings in a line.
func (c Config) String() string {
	c = c.WithDefaults()
	return fmt.Sprintf("closes when %d different receipts failed since the last success, probes after %v to %v",
		c.Receipts, c.Probe, c.ProbeMax)
}

// Validate returns an error that begins with the name of the setting that is out of
// range, of those that have a flag the flag without dashes. Zero is no default here; see
// [Config.WithDefaults].
func (c Config) Validate() error {
	switch {
	case c.Receipts < 1:
		return fmt.Errorf("gate-receipts %d must be at least 1", c.Receipts)
	case c.Probe < time.Millisecond:
		return fmt.Errorf("gate probe %v must be at least 1ms", c.Probe)
	case c.Patience < 0 || c.Patience > life:
		return fmt.Errorf("gate patience %v must be between 0 and %v", c.Patience, life)
	case c.Poll < time.Millisecond || c.Poll > proberLife/2:
		return fmt.Errorf("gate poll %v must be between 1ms and %v", c.Poll, proberLife/2)
	case c.ProbeMax < c.Probe || c.ProbeMax > longestProbe:
		return fmt.Errorf("gate probe max %v must be between the gate probe, %v, and %v", c.ProbeMax, c.Probe, longestProbe)
	}
	return c.Rate.validate()
}

// Rate bounds the DELETE calls a second of all processes together. Zero does
// not.
type Rate struct {
	All     float64
	Gateway map[tasks.Gateway]float64
}

// leastRate is a call a day: less is no rate, but a mistake.
const leastRate = 1.0 / (24 * 60 * 60)

// validate looks at the gateways in order, so that of several mistakes the same is told.
func (r Rate) validate() error {
	err := ValidateRate("rate", "calls", r.All)
	for _, pg := range slices.Sorted(maps.Keys(r.Gateway)) {
		err = cmp.Or(err, ValidateRate("rate-"+string(pg), "calls", r.Gateway[pg]))
	}
	return err
}

// ValidateRate returns an error that begins with a name unless rate is so many of something a
// second, in fractions too, or 0.
func ValidateRate(name, of string, rate float64) error {
	if rate == 0 || rate >= leastRate && !math.IsInf(rate, 1) {
		return nil
	}
	return fmt.Errorf("%s %v must be 0, for no limit, or at least %.6f %s a second, which is one a day",
		name, rate, leastRate, of)
}
