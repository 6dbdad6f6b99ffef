package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
)

// warnOfGateways says which of the gateways that --pg names are not known. That
// is no error: PortOne may have learnt of one since. Where queues are named by it, a gateway
// without one is an error, which says so.
func (p *program) warnOfGateways(cmd *cobra.Command) {
	flag := cmd.Flags().Lookup("pg")
	if flag == nil || !flag.Changed || cmd.Parent().Name() == "queue" {
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
		p.say("revoker: payment gateway %q is not known, and has no queue of its own; known are %s", name, knownGateways())
	}
}

// knownGateways returns the codes of the gateways that are known.
func knownGateways() string {
	var all []string
	for _, pg := range tasks.Gateways() {
		all = append(all, string(pg))
	}
	return strings.Join(all, ", ")
}
