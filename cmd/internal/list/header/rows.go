package header

import (
	"slices"

	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// isData reports whether the row below a header may be a payment, with its imp_uid in column at.
func isData(columns []string, at int) bool {
	row := payment.Row{Columns: columns}
	cell := row.Column(at)
	return slices.ContainsFunc(columns, impuid.Is) || plain.HasDigit(cell) || cell != "" && tasks.StandsForNoValue(cell)
}

// joinNames returns names with those that another row has for columns that would not be read otherwise: its
// own, or the name in the lower row with the group's title in the upper one, which stands above the first column of
// the group.
func joinNames(fields *naming.Fields, names, other, upper, lower []string) []string {
	isRead := func(name string) bool { return fields.Meaning(name).Field != naming.NoField }
	adds := func(name string) bool { return isRead(name) && fields.Meaning(name).Field != naming.ImpUIDField }
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
			if adds(name) && (below != "" || name != group+" ") { // a title alone names no column
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
	row := payment.Row{Columns: columns}
	return row.Column(i)
}
