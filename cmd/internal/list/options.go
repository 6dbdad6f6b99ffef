package list

import (
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/tasks"
)

// Format is how a list is written. People see its values in errors and in what `bulk --dry-run` shows.
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
	// Column is the header of the imp_uid's column, or its key in JSON. It matches in any case, spacing
	// and punctuation, but not with additions: then no other column is taken for the imp_uid's, also not
	// one that is called imp_uid. Default: the first known name that the list has, see [NewReader].
	Column string
	// PG is the gateway of lines that name none. Default: not known, which puts their receipts into the
	// queue of no gateway.
	PG tasks.Gateway
	// Tier is the sub-merchant of lines that name none: three letters or digits. Default: the workers'
	// own, see --tier of `revoker work`.
	Tier string
	// Sheet is the sheet of a workbook that is read, in any case and Unicode form. Default: the first one
	// that Excel shows; then the other sheets are searched for payments, see [Suspects].OtherSheets. A
	// list that is no workbook is refused with it.
	Sheet string
}

// Row is one payment of the list. The name stands here so that callers import this package alone.
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
	// HeaderLine is the line of the header, from 1, or 0 for a list without one. Of a header of several
	// rows it is the one that has the imp_uid's name.
	HeaderLine int
	// ImpUID, PG, ApplyNum and Tier are the columns that are read, as the header names
	// them. One that the header does not have is empty; JSON has no header.
	ImpUID, PG, ApplyNum, Tier string
}
