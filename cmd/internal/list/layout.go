package list

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
