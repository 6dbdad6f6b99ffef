package config

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// Gate says when the gate of a gateway closes and how it opens again, and how
// many calls are made.
type Gate struct {
	ratio           float64
	calls, minimum  int
	probe, probeMax time.Duration
	rate            float64
	rates           map[tasks.Gateway]*float64
}

// Flags registers the settings.
func (g *Gate) Flags(f *pflag.FlagSet) {
	f.Float64Var(&g.ratio, "gate-ratio", gate.DefaultRatio, "`share` of failed calls at which a gateway's gate closes")
	env(f, "gate-ratio", "REVOKER_GATE_RATIO")
	f.IntVar(&g.calls, "gate-calls", gate.DefaultCalls, "how many of the last calls are looked at, one for each receipt")
	env(f, "gate-calls", "REVOKER_GATE_CALLS")
	f.IntVar(&g.minimum, "gate-minimum", gate.DefaultMinimum, "how many calls there must be for the gate to close")
	env(f, "gate-minimum", "REVOKER_GATE_MINIMUM")
	f.DurationVar(&g.probe, "gate-probe", gate.DefaultProbe, "time from closing until it is tried whether the gateway is back")
	env(f, "gate-probe", "REVOKER_GATE_PROBE")
	f.DurationVar(&g.probeMax, "gate-probe-max", gate.DefaultProbeMax, "longest time between probes; each is a tenth longer than the last")
	env(f, "gate-probe-max", "REVOKER_GATE_PROBE_MAX")

	f.Float64Var(&g.rate, "rate", 0, "DELETE `calls` a second of all processes together, 0 for no limit")
	env(f, "rate", "REVOKER_RATE")
	g.rates = make(map[tasks.Gateway]*float64)
	for _, pg := range tasks.Gateways() {
		name := "rate-" + string(pg)
		g.rates[pg] = f.Float64(name, 0, "`calls` a second to "+pg.English()+", 0 for no limit")
		env(f, name, "REVOKER_RATE_"+strings.ToUpper(string(pg)))
	}
}

// Validate returns an error that names the setting that makes no sense and the
// range that is allowed.
func (g *Gate) Validate() error {
	switch {
	case !(g.ratio > 0 && g.ratio <= 1): // nor NaN
		return fmt.Errorf("--gate-ratio %v must be above 0 and at most 1", g.ratio)
	case g.calls < 1:
		return fmt.Errorf("--gate-calls %d must be at least 1", g.calls)
	case g.minimum < 1 || g.minimum > g.calls:
		return fmt.Errorf("--gate-minimum %d must be at least 1 and at most --gate-calls %d", g.minimum, g.calls)
	case g.probe < time.Millisecond:
		return fmt.Errorf("--gate-probe %v must be at least 1ms", g.probe)
	case g.probeMax < g.probe:
		return fmt.Errorf("--gate-probe-max %v must not be below --gate-probe %v", g.probeMax, g.probe)
	}
	return g.validateRates()
}

func (g *Gate) validateRates() error {
	if err := validateRate("rate", g.rate); err != nil {
		return err
	}
	for _, pg := range tasks.Gateways() { // in order, so that the same mistake is told the same way
		if err := validateRate("rate-"+string(pg), *g.rates[pg]); err != nil {
			return err
		}
	}
	return nil
}

func validateRate(flag string, rate float64) error {
	if rate == 0 || rate >= gate.LeastRate && !math.IsInf(rate, 1) {
		return nil
	}
	return fmt.Errorf("--%s %v must be 0, for no limit, or at least %.6f calls a second, which is one a day",
		flag, rate, gate.LeastRate)
}

// Config returns the settings as [gate.New] wants them.
func (g *Gate) Config() gate.Config {
	c := gate.Config{
		Ratio: g.ratio, Calls: g.calls, Minimum: g.minimum, Probe: g.probe, ProbeMax: g.probeMax,
		Rate: gate.Rate{All: g.rate, Gateway: make(map[tasks.Gateway]float64)},
	}
	for pg, rate := range g.rates {
		if *rate > 0 {
			c.Rate.Gateway[pg] = *rate
		}
	}
	return c
}
