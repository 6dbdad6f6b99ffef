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

// shownSuspects is how many imp_uids are kept that show what is wrong with their column. A list of a
// million wrong lines must not grow in memory by them.
const shownSuspects = 3

// Suspects counts the rows that can be used, but hold what their column should not: as where order
// numbers stand in the imp_uids' column. It also counts those that are hidden. Such a row is not
// refused, since it may be right; `bulk` tells of the counts, and [Suspects.Doubtful] says when a
// person has to say yes.
type Suspects struct {
	// Rows is how many rows were read that can be used.
	Rows int
	// ImpUIDs is how many have an imp_uid that begins neither with imp_ nor with imps_,
	// as those of PortOne do.
	ImpUIDs int
	// Gateways is how many name a gateway that is not known, and not [Options].PG.
	Gateways int
	// Either is how many have such an imp_uid, such a gateway, or both. It is not ImpUIDs plus Gateways: a
	// row with both counts once.
	Either int
	// Examples are the first three imp_uids that ImpUIDs counts.
	Examples []Note
	// Odd is how many imp_uids begin so and do not continue with 10 to 13 digits, as all do that are known
	// of PortOne, most with 12; and FirstOdd is the first of them. A gateway's code or an amount may be
	// glued to such a one. Either does not count them.
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
	// FurtherRows is how many hold more than one imp_uid, and request the first; and Further are the first
	// three of the others. Either does not count them.
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

// Most reports whether more than half of the rows are suspect: then the column is the wrong one, and
// not a few of its values.
func (s *Suspects) Most() bool { return 2*s.Either > s.Rows }

// MostNumbers reports whether more than half of the rows have a strange apply_num: a worker would end
// their requests as reissued, without a call.
func (s *Suspects) MostNumbers() bool { return 2*s.Numbers > s.Rows }

// MostFurther reports whether more than half of the rows hold further imp_uids.
func (s *Suspects) MostFurther() bool { return 2*s.FurtherRows > s.Rows }

// MostNameless reports whether more than half of the rows name no gateway while others do, as in a list
// that was grouped by gateway, of which the first row of a group alone names it.
func (s *Suspects) MostNameless() bool { return 2*s.Nameless > s.Rows }

// Any reports whether there is something to say of the rows, if only as a warning.
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

// count counts a row that can be used. A row may add to several counts.
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
	// Options.PG has been filled in before, so that with --pg no row is nameless.
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

// example returns examples with a value of a line, unless there are enough. The value is cloned, since
// it may be a part of a record of 1 MiB.
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

// gateways remembers what the names of gateways mean: to parse one anew for each of a million lines
// would take longer than all the rest.
type gateways struct {
	// unnamed is the gateway of lines that name none, "" if the options name none either.
	unnamed tasks.Gateway
	// parsed has the gateway of each cell, by the cell as it came: an ordinary line costs one lookup.
	parsed map[string]tasks.Gateway
	// unknown has how many rows name a gateway that is not known. One that is met in a row that cannot be
	// used has 0: [Reader.UnknownGateways] leaves it out.
	unknown map[tasks.Gateway]int
	// others is how many rows have a gateway that is neither known nor remembered.
	others int
}

// newGateways returns gateways of which none was met. unnamed is that of lines that name none.
func newGateways(unnamed tasks.Gateway) gateways {
	g := gateways{
		unnamed: unnamed, parsed: make(map[string]tasks.Gateway), unknown: make(map[tasks.Gateway]int),
	}
	// A --pg that is not known counts for every line that names none.
	if unnamed != "" && !unnamed.Known() {
		g.unknown[unnamed] = 0
	}
	return g
}

// parse returns the gateway that a cell names, or its value if that is not known. A cell such as - or
// 없음 names none.
func (g *gateways) parse(cell string) tasks.Gateway {
	if cell == "" {
		return g.unnamed
	}
	if pg, ok := g.parsed[cell]; ok {
		return pg
	}
	name := plain.Value(cell)
	pg, known := tasks.ParseGateway(name)
	// ???? is made of no letter either, but stands for a name whose letters were lost: that receipt has a
	// gateway, so it counts as not known and not as none.
	if !known && tasks.StandsForNoValue(name) && !unreadable(name) {
		pg, known = g.unnamed, true
	}
	if len(g.parsed) < maxGateways && len(cell) <= maxSpelling {
		// Both are parts of the record, which may be of 1 MiB, and would keep it in memory.
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

// count counts a row's gateway if it is not known, and reports whether the row itself names it: the
// gateway that --pg gives was chosen by a person, and makes no row suspect.
func (g *gateways) count(pg tasks.Gateway) (unknown bool) {
	// No gateway was unknown so far, and every spelling is remembered: then this one is known. A list
	// whose gateways are all known always ends here, without a look into the map.
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
