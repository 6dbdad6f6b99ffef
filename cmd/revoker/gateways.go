package main

import (
	"strings"

	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
)

// warnOfGateways says which of the gateways that --pg names are not known. That
// is no error: PortOne may have learnt of one since.
func (p *program) warnOfGateways(flags *pflag.FlagSet) {
	flag := flags.Lookup("pg")
	if flag == nil || !flag.Changed {
		return
	}
	names := []string{flag.Value.String()}
	if several, ok := flag.Value.(pflag.SliceValue); ok {
		names = several.GetSlice()
	}
	for _, name := range names {
		if _, known := tasks.ParseGateway(name); known || name == "" {
			continue
		}
		var all []string
		for _, pg := range tasks.Gateways() {
			all = append(all, string(pg))
		}
		p.say("revoker: payment gateway %q is not known, and has no queue of its own; known are %s",
			name, strings.Join(all, ", "))
	}
}
