package list

import (
	"strings"
	"unicode"

	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// maxGateways bounds how many spellings are remembered; a list has a dozen,
// unless the column holds something else.
const maxGateways = 256

// maxSpelling is how long a spelling may be to be remembered, in bytes.
const maxSpelling = 200

// UnknownGateway is a name of a gateway that is not known.
type UnknownGateway struct {
	// Name is the gateway as the list names it.
	Name string
	// Lines is how many rows have that name.
	Lines int
}

// gateways remembers what the names of gateways mean: to parse one anew for
// each of a million lines would take longer than all the rest.
type gateways struct {
	unnamed tasks.Gateway // of lines that name none
	parsed  map[string]tasks.Gateway
	unknown map[tasks.Gateway]int // rows of each that is not known
	others  int                   // rows of those that are not remembered
}

func newGateways(unnamed tasks.Gateway) gateways {
	g := gateways{
		unnamed: unnamed, parsed: make(map[string]tasks.Gateway), unknown: make(map[tasks.Gateway]int),
	}
	if unnamed != "" && !unnamed.Known() {
		g.unknown[unnamed] = 0
	}
	return g
}

// parse returns the gateway that a cell names, or its value if that is not known.
func (g *gateways) parse(cell string) tasks.Gateway {
	if cell == "" {
		return g.unnamed
	}
	if pg, ok := g.parsed[cell]; ok {
		return pg
	}
	name := plain.Value(cell)
	pg, known := tasks.ParseGateway(name)
	if !known && tasks.StandsForNoValue(name) && !unreadable(name) {
		pg, known = g.unnamed, true
	}
	if len(g.parsed) < maxGateways && len(cell) <= maxSpelling {
		pg = tasks.Gateway(strings.Clone(string(pg)))
		g.parsed[strings.Clone(cell)] = pg
		if !known {
			g.unknown[pg] = 0
		}
	}
	return pg
}

// unreadable reports whether a text has lost its letters: what was written in an encoding that is not known is read
// as symbols, and programs put ? where they cannot write a letter.
func unreadable(text string) bool {
	isSymbol := func(r rune) bool { return r > 0x7F && unicode.IsSymbol(r) }
	return strings.Contains(text, "??") || strings.ContainsFunc(text, isSymbol)
}

// count counts a row's gateway if it is not known, and reports whether the row names one.
func (g *gateways) count(pg tasks.Gateway) (unknown bool) {
	if pg == "" || len(g.unknown) == 0 && len(g.parsed) < maxGateways && len(pg) <= maxSpelling {
		return false
	}
	if _, ok := g.unknown[pg]; ok {
		g.unknown[pg]++
	} else if !pg.Known() {
		g.others++
	} else {
		return false
	}
	return pg != g.unnamed
}
