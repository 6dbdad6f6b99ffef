package list

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"receiptrevoker/tasks"
)

// maxNamed is how many columns an error names.
const maxNamed = 30

// startCSV finds the header and sets up the parser for what follows it.
func (r *Reader) startCSV(head []byte, named string) error {
	isSheet := r.format == XLSX
	sep, sepLine := separatorLine(head, r.records.line)
	at, bare, err := search{
		head: head, line: r.records.line, korean: r.text.korean, sheet: isSheet, named: named, sep: sep, sepLine: sepLine,
	}.find()
	if err != nil {
		return err
	}
	comma := byte(',')
	if at != nil {
		comma = at.comma
	}
	p := newCSVParser(comma, named, isSheet)
	r.parser, r.records.comma = p, comma
	if at == nil {
		err = r.skipTo(p, bare, sepLine)
	} else {
		err = r.useHeader(p, at, sepLine)
	}
	r.records.isRow = p.isRow
	return err
}

// useHeader reads up to the header and takes its columns.
func (r *Reader) useHeader(p *csvParser, at *header, sepLine int) error {
	if err := p.useHeader(at); err != nil {
		return err
	}
	if err := r.skipHeader(p, at, sepLine); err != nil {
		return err
	}
	r.header = at.columns
	if n := at.unnamed(); n > 0 && !p.shape.sheet {
		r.note(at.line, fmt.Sprintf("the header has %d columns, the lines have %d: what has no name is not read",
			len(at.columns), n))
	}
	if p.moves.receipt && p.least <= max(p.number, p.tier) && !p.shape.sheet {
		r.note(at.line, "most lines end before the column of apply_num or tier: they name none")
	}
	r.noteUnread(p, at)
	names := Row{Columns: at.names}
	r.layout = Layout{
		Separator: separatorNames[at.comma], HeaderLine: at.line,
		ImpUID: names.column(p.impUID), PG: names.column(p.gateway),
		ApplyNum: names.column(p.number), Tier: names.column(p.tier),
	}
	return nil
}

// sepPattern is the line by which Excel is told the separator, as it comes back
// from tools that took it for data, too.
var sepPattern = regexp.MustCompile(`(?i)^(?:\xEF\xBB\xBF)?"?sep=([,;\t|^])"?[,;\t|^ ]*[\r\n]`)

// separatorLine returns the separator that the first line names, and the number of
// that line, which is given. Both are 0 if it names none.
func separatorLine(head []byte, line int) (byte, int) {
	if found := sepPattern.FindSubmatch(head); found != nil {
		return found[1][0], line
	}
	return 0, 0
}

// columns are the indices of those that are read, -1 if there is none.
type columns struct{ impUID, gateway, number, tier int }

// locate finds the columns of the imp_uid, of the gateway, of the receipt's number and
// of the sub-merchant by their names in the header; an index is -1 where none is named
// so. If named is not empty, only that is the imp_uid's.
func locate(header []string, named string, worst likeness) (columns, error) {
	var at columns
	for _, column := range []struct {
		index *int
		names []string
	}{{&at.impUID, namesOr(named)}, {&at.gateway, gatewayNames}, {&at.number, numberNames}, {&at.tier, tierNames}} {
		var err error
		if *column.index, _, err = find(header, column.names, worst); err != nil {
			return at, err
		}
	}
	return at, nil
}

// namesOr returns the names of the imp_uid's column: the one named, or the known.
func namesOr(named string) []string {
	if named != "" {
		return []string{named}
	}
	return impUIDNames
}

// missing returns the error for a header without the imp_uid's column.
func missing(header []string, column string) error {
	var named []string
	for _, name := range header[:min(len(header), maxNamed)] {
		named = append(named, fmt.Sprintf("%q", cut(tidy(name))))
	}
	if len(header) > maxNamed {
		named = append(named, "…")
	}
	columns := strings.Join(named, ", ")
	if slices.ContainsFunc(header, looksLikePayment) {
		return fmt.Errorf("the list has no header, its first line is %s: "+
			"put the columns' names above it, with imp_uid or what --column NAME says for the payment", columns)
	}
	if column != "" {
		return fmt.Errorf("no column is named %q, the columns are %s: choose one with --column NAME", column, columns)
	}
	return fmt.Errorf("no column is named %s; the columns are %s: say which holds the imp_uid with --column NAME",
		strings.Join(impUIDNames, ", "), columns)
}

// looksLikePayment reports whether value is data rather than a column's name:
// an imp_uid as PortOne makes them. The digit tells imp_1234 from imp_id.
func looksLikePayment(value string) bool {
	value = clean(value)
	return tasks.ValidateImpUID(value) == nil && strings.ContainsAny(value, "0123456789") && ofPortOne(value)
}
