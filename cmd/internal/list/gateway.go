package list

import (
	"strings"

	"receiptrevoker/tasks"
)

// maxGateways bounds how many spellings are remembered; a list has a dozen,
// unless the column holds something else.
const maxGateways = 256

// gateways remembers what the names of gateways mean: to parse one anew for
// each of a million lines would take longer than all the rest.
type gateways struct {
	unnamed tasks.Gateway // of lines that name none
	parsed  map[string]tasks.Gateway
}

func newGateways(unnamed tasks.Gateway) gateways {
	return gateways{unnamed: unnamed, parsed: make(map[string]tasks.Gateway)}
}

// parse returns the gateway that name means, or name itself if nobody knows it.
func (g gateways) parse(name string) tasks.Gateway {
	if name == "" {
		return g.unnamed
	}
	if pg, ok := g.parsed[name]; ok {
		return pg
	}
	pg, _ := tasks.ParseGateway(name)
	if len(g.parsed) < maxGateways {
		g.parsed[strings.Clone(name)] = tasks.Gateway(strings.Clone(string(pg)))
	}
	return pg
}
