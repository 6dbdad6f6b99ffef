package list

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"receiptrevoker/tasks"
)

// The names under which order systems export, the preferred ones first.
var (
	impUIDNames  = []string{"imp_uid", "impUid", "포트원 거래고유번호", "아임포트 거래고유번호", "거래고유번호"}
	gatewayNames = []string{"pg", "pg_provider", "PG사"}
	numberNames  = []string{"apply_num", "applyNum", "현금영수증 승인번호"}
)

// maxNamed is how many columns an error names.
const maxNamed = 30

// startCSV reads the header and sets up the parser for what follows it.
func (r *Reader) startCSV(opts Options) error {
	p := &csvParser{cells: r.format == XLSX}
	r.parser = p
	header, err := r.firstRecord(p)
	if err == io.EOF {
		return ErrEmpty
	}
	if err != nil {
		return err
	}
	if len(header) == 1 && looksLikePayment(header[0]) && opts.Column == "" {
		p.impUID, p.gateway, p.number, p.name = 0, -1, -1, impUIDNames[0]
		r.records.again() // it is the first row
		return nil
	}
	if err := p.locate(header, opts.Column); err != nil {
		return fmt.Errorf("line %d: %w", r.records.start, err)
	}
	r.header = header
	r.layout = p.layout(header)
	r.layout.Separator, r.layout.HeaderLine = separatorNames[r.records.comma], r.records.start
	return nil
}

// firstRecord returns the first record that is not blank, and settles which
// byte separates fields.
func (r *Reader) firstRecord(p *csvParser) ([]string, error) {
	for {
		r.records.comma = 0
		record, err := r.next()
		if err == nil {
			r.records.comma = separator(record)
			p.separate(r.records.comma)
			r.records.again()
			record, err = r.next()
		}
		if unusable(err) {
			return nil, newLineError(Row{Line: r.records.start}, record, err)
		}
		if err != nil {
			return nil, err
		}
		if header := p.split(record); !empty(header) {
			return header, nil
		}
	}
}

// separator returns what separates the fields of a header: a comma, else a
// semicolon, else a tab, as far as it stands outside quotes.
func separator(line []byte) byte {
	var seen [256]bool
	quoted := false
	for _, b := range line {
		if b == '"' {
			quoted = !quoted
		}
		seen[b] = seen[b] || !quoted
	}
	for _, comma := range []byte(",;\t") {
		if seen[comma] {
			return comma
		}
	}
	return ','
}

// locate finds the columns of the imp_uid, of the gateway and of the receipt's number
// by their names in the header. If column is not empty, only that is the imp_uid's.
func (p *csvParser) locate(header []string, column string) error {
	names := impUIDNames
	if column != "" {
		names = []string{column}
	}
	var err error
	if p.impUID, err = find(header, names); err != nil {
		return err
	}
	if p.impUID < 0 {
		return missing(header, column)
	}
	p.name = strings.TrimSpace(header[p.impUID])
	if p.gateway, err = find(header, gatewayNames); err != nil {
		return err
	}
	p.number, err = find(header, numberNames)
	return err
}

// layout returns the names of the columns that are read.
func (p *csvParser) layout(header []string) Layout {
	names := Row{Columns: header}
	return Layout{ImpUID: names.column(p.impUID), PG: names.column(p.gateway), ApplyNum: names.column(p.number)}
}

// find returns the column that bears the first of names that any column bears,
// -1 if there is none. Case and blanks around a name do not matter.
func find(header, names []string) (int, error) {
	for _, name := range names {
		found := -1
		for i, column := range header {
			if !strings.EqualFold(strings.TrimSpace(column), name) {
				continue
			}
			if found >= 0 {
				return -1, fmt.Errorf("columns %d and %d are both named %q: rename one of them", found+1, i+1, name)
			}
			found = i
		}
		if found >= 0 {
			return found, nil
		}
	}
	return -1, nil
}

// missing returns the error for a header without the imp_uid's column.
func missing(header []string, column string) error {
	var named []string
	for _, name := range header[:min(len(header), maxNamed)] {
		named = append(named, fmt.Sprintf("%q", cut(strings.TrimSpace(name))))
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
	value = strings.TrimSpace(value)
	return tasks.ValidateImpUID(value) == nil && strings.ContainsAny(value, "0123456789") &&
		(strings.HasPrefix(value, "imp_") || strings.HasPrefix(value, "imps_"))
}
