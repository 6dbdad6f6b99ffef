package gate

import (
	"cmp"
	"fmt"
	"time"
)

// The settings' defaults.
const (
	DefaultRatio    = 0.7
	DefaultCalls    = 20
	DefaultMinimum  = 10
	DefaultProbe    = time.Second
	DefaultProbeMax = 10 * time.Second
)

// Config says when gates close and how they open again. The zero value is the
// default.
type Config struct {
	// Ratio is the share of failed calls at which a gate closes, above 0 and at
	// most 1. Default 0.7: a gateway that fails every third call is worth calling,
	// and chance alone must not close its gate.
	Ratio float64
	// Calls is how many of the last calls are looked at, of this process and
	// gateway. Of several calls for one receipt only the last counts: a receipt
	// that always fails is not a gateway that does. Default 20.
	Calls int
	// Minimum is how many calls there must be. Default 10.
	Minimum int
	// Probe is how long after closing the first probe is made. Each interval is
	// a tenth longer than the one before, so that the gateway's return is
	// noticed within a tenth of the time that it was away, up to ProbeMax.
	// Default 1 s and 10 s.
	Probe, ProbeMax time.Duration
	// Rate bounds the DELETE calls of all processes. Default: it does not.
	Rate Rate
}

func (c Config) withDefaults() Config {
	c.Ratio = cmp.Or(c.Ratio, DefaultRatio)
	c.Calls = cmp.Or(c.Calls, DefaultCalls)
	c.Minimum = cmp.Or(c.Minimum, min(DefaultMinimum, c.Calls))
	c.Probe = cmp.Or(c.Probe, DefaultProbe)
	c.ProbeMax = cmp.Or(c.ProbeMax, max(DefaultProbeMax, c.Probe))
	return c
}

// String returns the settings in a line.
func (c Config) String() string {
	c = c.withDefaults()
	return fmt.Sprintf("closes when %.0f %% of %d to %d calls failed, probes after %v to %v",
		100*c.Ratio, c.Minimum, c.Calls, c.Probe, c.ProbeMax)
}

// Validate returns an error that names the value that makes no sense.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case !(c.Ratio > 0 && c.Ratio <= 1): // nor NaN
		return fmt.Errorf("gate ratio: %v is not above 0 and at most 1", c.Ratio)
	case c.Minimum < 1 || c.Minimum > c.Calls:
		return fmt.Errorf("gate minimum: %d is not between 1 and the gate calls, %d", c.Minimum, c.Calls)
	case c.Probe < time.Millisecond:
		return fmt.Errorf("gate probe: %v is less than 1ms", c.Probe)
	case c.ProbeMax < c.Probe:
		return fmt.Errorf("gate probe max: %v is less than the gate probe, %v", c.ProbeMax, c.Probe)
	}
	return c.Rate.validate()
}
