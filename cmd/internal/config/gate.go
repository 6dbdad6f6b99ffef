package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// Gate has the settings of the gates and of the call limits. Only what an operator has
// reason to change is a setting; all else has the defaults of [gate.Config].
type Gate struct {
	// receipts is --gate-receipts, [gate.Config.Receipts].
	receipts int
	// rate is in DELETE calls a second of all processes together, 0 for no limit.
	rate float64
	// rates has one for each gateway that there is, also those without a limit.
	rates map[tasks.Gateway]*float64
}

// retiredSettings are those of a gate that closed on a share of failed calls, as an earlier
// version had it. A share cannot tell a list of failing receipts from a failing gateway, so
// the gate counts receipts now, and none of these numbers means anything to it.
var retiredSettings = []struct{ flag, variable, instead string }{
	{"gate-ratio", "REVOKER_GATE_RATIO", useReceipts},
	{"gate-calls", "REVOKER_GATE_CALLS", useReceipts},
	{"gate-minimum", "REVOKER_GATE_MINIMUM", useReceipts},
	{"gate-probe", "REVOKER_GATE_PROBE", fixedProbes},
	{"gate-probe-max", "REVOKER_GATE_PROBE_MAX", fixedProbes},
}

const (
	// useReceipts is the advice for the settings of when a gate closed.
	useReceipts = "remove it; --gate-receipts [REVOKER_GATE_RECEIPTS] now says how many different receipts " +
		"fail before a gate closes"
	// fixedProbes is the advice for the settings of when a closed gate was probed. The
	// numbers in it are [gate.DefaultProbe] and [gate.DefaultProbeMax].
	fixedProbes = "remove it; a closed gate is now always probed after 1 s, and then up to 10 s apart"
)

// Flags registers the settings, one rate for each gateway among them, so that a new gateway
// in package tasks brings its setting with it.
func (g *Gate) Flags(f *pflag.FlagSet) {
	f.IntVar(&g.receipts, "gate-receipts", gate.DefaultReceipts,
		"how many different receipts fail after a gateway's last success before its gate closes")
	env(f, "gate-receipts", "REVOKER_GATE_RECEIPTS")
	for _, old := range retiredSettings {
		retire(f, old.flag, old.variable, old.instead)
	}

	f.Float64Var(&g.rate, "rate", 0, "DELETE `calls` a second of all processes together, 0 for no limit")
	env(f, "rate", "REVOKER_RATE")
	g.rates = make(map[tasks.Gateway]*float64)
	for _, pg := range tasks.Gateways() {
		name := "rate-" + string(pg)
		g.rates[pg] = f.Float64(name, 0, "`calls` a second to "+pg.English()+", 0 for no limit")
		env(f, name, "REVOKER_RATE_"+strings.ToUpper(string(pg)))
	}
}

// Validate returns an error that names the setting that is out of range and the range that
// is allowed. Of several mistakes it names the same one each time, although the rates are a
// map. Commands call it before they connect and exit with 2.
func (g *Gate) Validate() error { return flagged(g.Config().Validate()) }

// flagged makes a flag of the setting's name that an error begins with: the packages of the
// worker name settings without dashes, since they know no command line.
func flagged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%w", err)
}

// Config returns the settings as [gate.New] wants them. Nothing is read before the flags
// have been parsed.
func (g *Gate) Config() gate.Config {
	// The defaults come first and the flags over them, so that an explicit
	// --gate-receipts=0 is not mistaken for "not given": Validate refuses it.
	c := gate.Config{}.WithDefaults()
	c.Receipts, c.Rate = g.receipts, gate.Rate{All: g.rate, Gateway: make(map[tasks.Gateway]float64)}
	for pg, rate := range g.rates {
		// A gateway without an entry has no limit. Negative rates and NaN are entered, so
		// that Validate sees them.
		if *rate != 0 {
			c.Rate.Gateway[pg] = *rate
		}
	}
	return c
}
