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

// maxNamed is how many columns an error names: a spreadsheet may have 16,384.
const maxNamed = 30

// missing returns the error for a header without the imp_uid's column. It shows the names that are
// there, from which a person chooses one for --column.
func missing(header []string, column string) error {
	var named []string
	for _, name := range header[:min(len(header), maxNamed)] {
		named = append(named, fmt.Sprintf("%q", fault.Cut(plain.Name(name))))
	}
	if len(header) > maxNamed {
		named = append(named, "…")
	}
	columns := strings.Join(named, ", ")
	// The first line is a payment: the list has columns and no names for them. Only a list of imp_uids
	// alone needs none.
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

// addRows reads a header together with the rows around it: with the titles of groups above the names,
// or with units, or names in another language, above or below. i is the header's place among the rows,
// and at its column of the imp_uid.
//
// In exports of order systems 승인번호 alone is the card company's, and the title 현금영수증 above it makes it
// the receipt's. A header whose second row is not read loses the column without a word.
func (h *Header) addRows(rows []Header, i, at int, named string) {
	fields := naming.NewFields(named)
	h.Names, h.Lines = h.Columns, []int{h.Line}
	// A row of search conditions, such as PG사: NHN KCP, has names too, and they are names of no column.
	if i > 0 && !holdsValue(rows[i-1].Columns) {
		above := rows[i-1]
		h.add(above, joinNames(&fields, h.Names, above.Columns, above.Columns, h.Columns), at, &fields)
	}
	if i+1 < len(rows) && !isData(rows[i+1].Columns, at) {
		below := rows[i+1]
		h.add(below, joinNames(&fields, h.Names, below.Columns, h.Columns, below.Columns), at, &fields)
	}
}

// add takes in the names of another row, if they name a column that was not read before. A row that
// names the imp_uid in another column is the header of another list, and is left alone.
func (h *Header) add(other Header, names []string, at int, fields *naming.Fields) {
	isImpUID := func(name string) bool { return fields.Meaning(name).Field == naming.ImpUIDField }
	if i := slices.IndexFunc(other.Columns, isImpUID); slices.Equal(names, h.Names) || i >= 0 && i != at {
		return
	}
	h.Names, h.Lines = names, append(h.Lines, other.Line)
	slices.Sort(h.Lines)
}

// Header is a row in which a column may have the imp_uid's name, with what the rows below it show.
type Header struct {
	// Comma separates the cells; of a sheet it is a comma, which says nothing.
	Comma byte
	// Line is where the row with the imp_uid's name stands, 0 for a list of nothing but imp_uids.
	Line int
	// Columns are the cells of that row as they came.
	Columns []string
	// Names are the names of the columns, also from the rows around it, see addRows. There may be more
	// than Columns.
	Names []string
	// Lines are those on which the header's rows stand, in their order.
	Lines []int
	// Found are the columns that are read, by the names.
	Found naming.Columns
	// First is the line of the first imp_uid of a list of nothing else, which has no header.
	First int
	// like is how well the imp_uid's column is named.
	like naming.Likeness
	// Payments are how many rows below have a payment in that column. With 0 it may be the wrong column.
	Payments int
	// Width is how far the rows below reach.
	Width Width
	// Nine says that most of their receipts' numbers have nine digits, as the National Tax Service gives
	// them: others are then strange, see [payment.Row].
	Nine bool
	// Numbers are the columns in which each of these payments has a number or nothing.
	Numbers []int
	// Gateways are the columns in which each of these payments has a gateway or nothing.
	Gateways []int
	// err says that two columns have the same name. It is an error only of the header that is chosen.
	err error
}

// bestHeader returns the header of the list, nil if there is none: the one whose name matches best,
// then with most payments below it, then with most columns, then the first. A title such as
// imp_uid 환불 목록 counts as one as well, and has fewer columns; with a wrong separator no payment stands
// in its column.
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

// holdsLine returns the error for a header that holds an imp_uid: read as a header, it would lose that
// receipt.
func (h *Header) holdsLine() error {
	i := slices.IndexFunc(h.Columns, impuid.In)
	return fmt.Errorf("line %d: the header holds an imp_uid, %q: "+
		"a line end is missing before it, or it is an example that is to be taken out",
		h.Line, fault.Cut(plain.Name(h.Columns[i])))
}

// isData reports whether the row below a header may be a payment, with its imp_uid in column at. Where
// it is in doubt it is: a payment that is read as names is lost, names that are read as a payment are
// reported.
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

// joinNames returns names with those that another row has for columns that would not be read otherwise:
// its own if the column has no other or the row has as many, or the name in the lower row with the
// group's title in the upper one, which stands above the first column of the group. fields knows which
// names are read.
//
// For 현금영수증 above 승인번호 and 금액, the columns become "현금영수증 승인번호", which is read, and 금액, which is not: a
// joined name counts only if it is one that is read.
func joinNames(fields *naming.Fields, names, other, upper, lower []string) []string {
	isRead := func(name string) bool { return fields.Meaning(name).Field != naming.NoField }
	adds := func(name string) bool { return isRead(name) && fields.Meaning(name).Field != naming.ImpUIDField }
	joined, group := slices.Clone(names), ""
	for i := range max(len(upper), len(lower)) {
		above, below := plain.Cell(upper, i), plain.Cell(lower, i)
		// The cells beside a title that spans a group are empty.
		if above != "" {
			group = above
		}
		if isRead(plain.Cell(names, i)) {
			continue
		}
		own := plain.Cell(other, i)
		// A row with fewer values than the names is one of titles or conditions, not of other names.
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
