package header

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// maxNamed is how many columns an error names.
const maxNamed = 30

// missing returns the error for a header without the imp_uid's column.
func missing(header []string, column string) error {
	var named []string
	for _, name := range header[:min(len(header), maxNamed)] {
		named = append(named, fmt.Sprintf("%q", fault.Cut(plain.Name(name))))
	}
	if len(header) > maxNamed {
		named = append(named, "…")
	}
	columns := strings.Join(named, ", ")
	if slices.ContainsFunc(header, impuid.Is) {
		return fmt.Errorf("the list has no header, its first line is %s: "+
			"put the columns' names above it, with imp_uid or what --column NAME says for the payment", columns)
	}
	if column != "" {
		return fmt.Errorf("no column is named %q, the columns are %s: choose one with --column NAME", column, columns)
	}
	return fmt.Errorf("no column is named %s; the columns are %s: say which holds the imp_uid with --column NAME",
		strings.Join(naming.ImpUIDNames, ", "), columns)
}

// addRows reads a header together with the rows around it: with the titles of groups above the names, or with
// units, or names in another language, above or below.
func (h *Header) addRows(rows []Header, i, at int, named string) {
	fields := naming.NewFields(named)
	h.Names, h.Lines = h.Columns, []int{h.Line}
	if i > 0 && !holdsValue(rows[i-1].Columns) {
		above := rows[i-1]
		h.add(above, joinNames(&fields, h.Names, above.Columns, above.Columns, h.Columns), at, &fields)
	}
	if i+1 < len(rows) && !isData(rows[i+1].Columns, at) {
		below := rows[i+1]
		h.add(below, joinNames(&fields, h.Names, below.Columns, h.Columns, below.Columns), at, &fields)
	}
}

// add takes in the names of another row, if they name a column that is read and was not, and none for the
// imp_uid but its own.
func (h *Header) add(other Header, names []string, at int, fields *naming.Fields) {
	isImpUID := func(name string) bool { return fields.Meaning(name).Field == naming.ImpUIDField }
	if i := slices.IndexFunc(other.Columns, isImpUID); slices.Equal(names, h.Names) || i >= 0 && i != at {
		return
	}
	h.Names, h.Lines = names, append(h.Lines, other.Line)
	slices.Sort(h.Lines)
}

// Header is a row in which a column may have the imp_uid's name.
type Header struct {
	Comma    byte
	Line     int
	Columns  []string
	Names    []string // of the columns, also from the rows around it, see addRows
	Lines    []int    // on which its rows stand
	Found    naming.Columns
	First    int // line of the first imp_uid of a list of nothing else, which has no header
	like     naming.Likeness
	Payments int   // rows below with a payment in that column
	Width    Width // of the rows below
	Nine     bool  // most of their receipts' numbers have nine digits, as the National Tax Service gives them
	Numbers  []int // columns in which each of these payments has a number or nothing
	Gateways []int // columns in which each of these payments has a gateway or nothing
	err      error // two columns have the same name
}

// bestHeader returns the header of the list, nil if there is none: the one whose
// name matches best, then with most payments below it, then with most columns,
// then the first.
func bestHeader(samples []sample) *Header {
	var all []*Header
	for i := range samples {
		for j := range samples[i].headers {
			all = append(all, &samples[i].headers[j])
		}
	}
	if len(all) == 0 {
		return nil
	}
	return slices.MaxFunc(all, func(a, b *Header) int {
		return cmp.Or(cmp.Compare(b.like, a.like), cmp.Compare(a.Payments, b.Payments),
			cmp.Compare(filled(a.Columns), filled(b.Columns)))
	})
}

// filled returns how many columns hold something.
func filled(columns []string) int {
	n := 0
	for _, column := range columns {
		if plain.Value(column) != "" {
			n++
		}
	}
	return n
}

// holdsLine returns the error for a header that holds an imp_uid.
func (h *Header) holdsLine() error {
	i := slices.IndexFunc(h.Columns, impuid.In)
	return fmt.Errorf("line %d: the header holds an imp_uid, %q: "+
		"a line end is missing before it, or it is an example that is to be taken out",
		h.Line, fault.Cut(plain.Name(h.Columns[i])))
}

// isData reports whether the row below a header may be a payment, with its imp_uid in column at.
func isData(columns []string, at int) bool {
	cell := plain.Cell(columns, at)
	return slices.ContainsFunc(columns, impuid.Is) || plain.HasDigit(cell) || cell != "" && tasks.StandsForNoValue(cell)
}

// everything is what exports say that was not restricted where they tell what was searched for.
var everything = regexp.MustCompile(`(?i)^(?:전체|모두|all)$`)

// holdsValue reports whether a row above the names holds a value, such as the 전체 of 승인번호: 전체: then it tells what
// was searched for.
func holdsValue(columns []string) bool {
	return slices.ContainsFunc(columns, func(cell string) bool {
		_, isGateway := tasks.ParseGateway(plain.Value(cell))
		return isGateway || everything.MatchString(plain.Name(cell)) ||
			plain.HasDigit(cell) && !strings.ContainsFunc(cell, unicode.IsLetter)
	})
}

// joinNames returns names with those that another row has for columns that would not be read otherwise: its
// own if the column has no other or the row has as many, or the name in the lower row with the group's title in the
// upper one, which stands above the first column of the group.
func joinNames(fields *naming.Fields, names, other, upper, lower []string) []string {
	isRead := func(name string) bool { return fields.Meaning(name).Field != naming.NoField }
	adds := func(name string) bool { return isRead(name) && fields.Meaning(name).Field != naming.ImpUIDField }
	joined, group := slices.Clone(names), ""
	for i := range max(len(upper), len(lower)) {
		above, below := plain.Cell(upper, i), plain.Cell(lower, i)
		if above != "" {
			group = above
		}
		if isRead(plain.Cell(names, i)) {
			continue
		}
		own := plain.Cell(other, i)
		if plain.Cell(names, i) != "" && filled(other) < filled(names) {
			own = ""
		}
		for _, name := range []string{own, group + " " + below} {
			if adds(name) && (below != "" || name != group+" ") { // a title alone names no column
				joined = append(joined, make([]string, max(0, i+1-len(joined)))...)
				joined[i] = name
				break
			}
		}
	}
	return joined
}
