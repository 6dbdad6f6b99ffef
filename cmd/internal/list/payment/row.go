// Package payment holds what is read of a list: payments, and why a line is none.
package payment

import (
	"encoding/json"

	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// Column returns the value of a column, "" if the row does not reach there.
func (r *Row) Column(i int) string { return plain.Value(r.Cell(i)) }

// Value returns where the row keeps the value of a field.
func (r *Row) Value(of naming.Field) *string {
	switch of {
	case naming.ImpUIDField:
		return &r.ImpUID
	case naming.GatewayField:
		return (*string)(&r.PG)
	case naming.NumberField:
		return &r.ApplyNum
	}
	return &r.Tier
}

// Cell returns a column as it came, "" if the row does not reach there.
func (r *Row) Cell(i int) string {
	if i < 0 || i >= len(r.Columns) {
		return ""
	}
	return r.Columns[i]
}

// Row is one payment of the list.
type Row struct {
	// Line is the line of the file on which the record starts, from 1.
	Line int
	// ImpUID is the payment, without what spreadsheets put around it.
	ImpUID string
	// PG is the gateway that the record names, or the options' if it names
	// none. A name that is not known is kept as it came.
	PG tasks.Gateway
	// ApplyNum is the number of the receipt that is meant, empty if the record names
	// none.
	ApplyNum string
	// Tier is the code of the sub-merchant that the record names, or the options' if
	// it names none. It is not validated.
	Tier string
	// Columns are the fields of a CSV record as they came, in UTF-8, or the cells of
	// a sheet's row; nil in JSON.
	Columns []string
	// Raw is the object of an NDJSON line as it came, or the element of a JSON text,
	// in UTF-8; nil in CSV.
	Raw json.RawMessage
}
