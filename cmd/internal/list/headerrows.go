package list

import (
	"fmt"
	"slices"

	"receiptrevoker/tasks"
)

// addRows reads a header together with the rows around it: with the titles of groups above the names, or with
// units, or names in another language, above or below.
func (h *header) addRows(rows []header, i, at int, named string) {
	fields := newKeys(named)
	h.names, h.lines = h.columns, []int{h.line}
	if i > 0 {
		above := rows[i-1]
		h.add(above, joinNames(&fields, h.names, above.columns, above.columns, h.columns), at, &fields)
	}
	if i+1 < len(rows) && !isData(rows[i+1].columns, at) {
		below := rows[i+1]
		h.add(below, joinNames(&fields, h.names, below.columns, h.columns, below.columns), at, &fields)
	}
}

// isData reports whether the row below a header may be a payment, with its imp_uid in column at.
func isData(columns []string, at int) bool {
	row := Row{Columns: columns}
	cell := row.column(at)
	return slices.ContainsFunc(columns, looksLikePayment) || hasDigit(cell) || cell != "" && tasks.StandsForNoValue(cell)
}

// add takes in the names of another row, if they name a column that is read and was not, and none for the
// imp_uid but its own.
func (h *header) add(other header, names []string, at int, fields *keys) {
	isImpUID := func(name string) bool { return fields.meaning(name).field == impUIDField }
	if i := slices.IndexFunc(other.columns, isImpUID); slices.Equal(names, h.names) || i >= 0 && i != at {
		return
	}
	h.names, h.lines = names, append(h.lines, other.line)
	slices.Sort(h.lines)
}

// joinNames returns names with those that another row has for columns that would not be read otherwise: its
// own, or the name in the lower row with the group's title in the upper one, which stands above the first column of
// the group.
func joinNames(fields *keys, names, other, upper, lower []string) []string {
	isRead := func(name string) bool { return fields.meaning(name).field != noField }
	adds := func(name string) bool { return isRead(name) && fields.meaning(name).field != impUIDField }
	joined, group := slices.Clone(names), ""
	for i := range max(len(upper), len(lower)) {
		above, below := cellOf(upper, i), cellOf(lower, i)
		if above != "" {
			group = above
		}
		if isRead(cellOf(names, i)) {
			continue
		}
		for _, name := range []string{cellOf(other, i), group + " " + below} {
			if adds(name) {
				joined = append(joined, make([]string, max(0, i+1-len(joined)))...)
				joined[i] = name
				break
			}
		}
	}
	return joined
}

// cellOf returns a cell of a row, "" if the row does not reach there.
func cellOf(columns []string, i int) string {
	row := Row{Columns: columns}
	return row.column(i)
}

// skipHeader reads up to a header and over it, and notes where it has several rows.
func (r *Reader) skipHeader(p *csvParser, at *header, sepLine int) error {
	for _, line := range at.lines {
		if err := r.skipTo(p, line, sepLine); err != nil {
			return err
		}
		if _, err := r.next(); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	if first, last := at.lines[0], at.lines[len(at.lines)-1]; first < last {
		r.note(first, fmt.Sprintf("the header has several rows, lines %d to %d: they are read together", first, last))
	}
	return nil
}
