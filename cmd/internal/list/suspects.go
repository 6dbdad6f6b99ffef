package list

import (
	"cmp"
	"strings"
	"unicode"

	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/cmd/internal/list/sheet"
	"receiptrevoker/tasks"
)

// shownSuspects is how many imp_uids are kept that show what is wrong with their column.
const shownSuspects = 3

// Suspects counts the rows that can be used, but hold what their column should not: as
// where order numbers stand in the imp_uids' column. It also counts those that are hidden.
type Suspects struct {
	// Rows is how many rows were read that can be used.
	Rows int
	// ImpUIDs is how many have an imp_uid that begins neither with imp_ nor with imps_,
	// as those of PortOne do.
	ImpUIDs int
	// Gateways is how many name a gateway that is not known, and not [Options].PG.
	Gateways int
	// Either is how many have such an imp_uid, such a gateway, or both.
	Either int
	// Examples are the first three imp_uids that ImpUIDs counts.
	Examples []Note
	// Odd is how many imp_uids begin so and do not continue with 10 to 13 digits, as all do that are known
	// of PortOne, most with 12; and FirstOdd is the first of them. Either does not count them.
	Odd      int
	FirstOdd Note
	// Nameless is how many name no gateway while others do, as where the first line of a group alone names it; and
	// NamelessExamples are the first three of their imp_uids. Either does not count them.
	Nameless         int
	NamelessExamples []Note
	// Numbers is how many have an apply_num of another form than most, or one that may belong to a column to the right;
	// and NumberExamples are the first three. Either does not count them.
	Numbers        int
	NumberExamples []Note
	// FurtherRows is how many hold more than one imp_uid, and ask for the first; and Further are the first three of the
	// others. Either does not count them.
	FurtherRows int
	Further     []Note
	// Unread is the name of a column or key that may hold the receipts' numbers, see [naming.MayBeNumber], and is not
	// read, while no other names them: any receipt of a payment would be revoked. Either does not count its rows.
	Unread string
	// OtherSheets are the sheets of a workbook that are not read and hold payments, unless [Options].Sheet is given.
	OtherSheets []sheet.Left
	// Hidden is how many stand in a row of a workbook that Excel does not show, as where a
	// filter is set, and FirstHidden is the number of the first such row, 0 if there is none.
	Hidden, FirstHidden int
}

// Most reports whether more than half of the rows are suspect.
func (s *Suspects) Most() bool { return 2*s.Either > s.Rows }

// MostNumbers reports whether more than half of the rows have a strange apply_num.
func (s *Suspects) MostNumbers() bool { return 2*s.Numbers > s.Rows }

// MostFurther reports whether more than half of the rows hold further imp_uids.
func (s *Suspects) MostFurther() bool { return 2*s.FurtherRows > s.Rows }

// MostNameless reports whether more than half of the rows name no gateway while others do.
func (s *Suspects) MostNameless() bool { return 2*s.Nameless > s.Rows }

// Any reports whether there is something to say of the rows.
func (s *Suspects) Any() bool {
	return s.Either > 0 || s.Odd > 0 || s.Unread != "" || s.Nameless > 0 || s.Numbers > 0 || s.FurtherRows > 0 ||
		len(s.OtherSheets) > 0 || s.Hidden > 0
}

// Doubtful reports whether a person is to say yes to the list: most of its rows are suspect,
// name no gateway, have a strange apply_num or hold further imp_uids, a column that may hold the
// receipts' numbers is not read, some rows are hidden, or other sheets hold payments.
func (s *Suspects) Doubtful() bool {
	return s.Most() || s.MostNameless() || s.MostNumbers() || s.MostFurther() || s.Unread != "" ||
		len(s.OtherSheets) > 0 || s.Hidden > 0
}

// count counts a row that can be used.
func (s *Suspects) count(row *Row, unknownGateway, hidden bool) {
	s.Rows++
	strange := !impuid.OfPortOne(row.ImpUID)
	if strange || unknownGateway {
		s.Either++
	}
	if unknownGateway {
		s.Gateways++
	}
	if strange {
		s.ImpUIDs++
		s.Examples = example(s.Examples, row.Line, row.ImpUID)
	}
	if row.Strange {
		s.Numbers++
		s.NumberExamples = example(s.NumberExamples, row.Line, row.ApplyNum)
	}
	if row.Further != "" {
		s.FurtherRows++
		s.Further = example(s.Further, row.Line, row.Further)
	}
	if hidden {
		s.Hidden++
		s.FirstHidden = cmp.Or(s.FirstHidden, row.Line)
	}
	if row.PG == "" {
		s.Nameless++
		s.NamelessExamples = example(s.NamelessExamples, row.Line, row.ImpUID)
	}
	if impuid.Odd(row.ImpUID) {
		if s.Odd++; s.Odd == 1 {
			s.FirstOdd = Note{row.Line, strings.Clone(row.ImpUID)}
		}
	}
}

// example returns examples with a value of a line, unless there are enough.
func example(examples []Note, line int, value string) []Note {
	if len(examples) == shownSuspects {
		return examples
	}
	return append(examples, Note{line, strings.Clone(value)})
}

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
