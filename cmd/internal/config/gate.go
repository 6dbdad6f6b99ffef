package config

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

// Gate says when the gate of a gateway closes and how it opens again, and how
// many calls are made.
type Gate struct {
	receipts int
	rate     float64
	rates    map[tasks.Gateway]*float64
}

// retiredSettings are those that a gate once had, and what there is instead.
var retiredSettings = []struct{ flag, variable, instead string }{
	{"gate-ratio", "REVOKER_GATE_RATIO", useReceipts},
	{"gate-calls", "REVOKER_GATE_CALLS", useReceipts},
	{"gate-minimum", "REVOKER_GATE_MINIMUM", useReceipts},
	{"gate-probe", "REVOKER_GATE_PROBE", fixedProbes},
	{"gate-probe-max", "REVOKER_GATE_PROBE_MAX", fixedProbes},
}

const (
	// useReceipts is for the settings of a gate that closed on a share of calls.
	useReceipts = "remove it; --gate-receipts [REVOKER_GATE_RECEIPTS] now says how many different receipts " +
		"fail before a gate closes"
	// fixedProbes is for those of when it was probed.
	fixedProbes = "remove it; a closed gate is now always probed after 1 s, and then up to 10 s apart"
)

// Flags registers the settings.
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

// Validate returns an error that names the setting that makes no sense and the
// range that is allowed.
func (g *Gate) Validate() error { return flagged(g.Config().Validate()) }

// flagged makes the name that an error begins with that of a flag.
func flagged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("--%w", err)
}

// Config returns the settings as [gate.New] wants them.
func (g *Gate) Config() gate.Config {
	c := gate.Config{}.WithDefaults()
	c.Receipts, c.Rate = g.receipts, gate.Rate{All: g.rate, Gateway: make(map[tasks.Gateway]float64)}
	for pg, rate := range g.rates {
		if *rate != 0 {
			c.Rate.Gateway[pg] = *rate
		}
	}
	return c
}
