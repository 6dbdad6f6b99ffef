package list

import (
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/tasks"
)

// Format is how a list is written.
type Format string

// The formats that a [Reader] recognises.
const (
	CSV    Format = "CSV"    // with any of five separators, or imp_uids alone
	NDJSON Format = "NDJSON" // an object or a string on each line
	// JSON is a JSON text other than NDJSON: an array of objects or of strings,
	// objects one after another, or an answer of PortOne that holds a list.
	JSON Format = "JSON"
	// XLSX is a workbook of Excel, .xlsx or .xlsm.
	XLSX Format = "XLSX"
)

// Options are what a reader cannot find out by itself. The zero value is good
// for lists that use the names order systems use.
type Options struct {
	// Column is the header of the imp_uid's column, or its key in JSON.
	// Default: the first known name that the list has, see [NewReader].
	Column string
	// PG is the gateway of lines that name none. Default: not known.
	PG tasks.Gateway
	// Tier is the sub-merchant of lines that name none. Default: the workers' own.
	Tier string
	// Sheet is the sheet of a workbook that is read. Default: the first one that
	// Excel shows.
	Sheet string
}

// Row is one payment of the list.
type Row = payment.Row

// LineError says why a line of the list cannot be used. It matches [tasks.ErrInvalid] if the
// imp_uid was read and is empty, too long or out of its alphabet.
type LineError = payment.LineError

// Layout is how a list is written, as [NewReader] found it out. A person who
// reads it can tell whether the list was understood.
type Layout struct {
	// Format is how the list is written.
	Format Format
	// Compression is what the list is compressed with: gzip or zstd, or empty.
	Compression string
	// Sheet is the sheet of a workbook that is read, empty for other formats, and
	// Sheets is how many sheets the workbook has.
	Sheet  string
	Sheets int
	// Encoding is how the list is encoded: "UTF-8", "UTF-8 with BOM", "EUC-KR (CP949)" or
	// "UTF-16". It is found from the first 64 KiB; a later line that is not valid UTF-8 is read
	// as CP949 by itself.
	Encoding string
	// Separator is what separates the fields of a CSV: comma, semicolon, tab,
	// pipe or caret. It is empty for other formats and for a list of bare imp_uids.
	Separator string
	// HeaderLine is the line of the header, from 1, or 0 for a list without one.
	HeaderLine int
	// ImpUID, PG, ApplyNum and Tier are the columns that are read, as the header names
	// them. One that the header does not have is empty; JSON has no header.
	ImpUID, PG, ApplyNum, Tier string
}
