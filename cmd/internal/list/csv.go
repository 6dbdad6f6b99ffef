package list

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"

	"receiptrevoker/tasks"
)

var errHeaderAgain = errors.New("the header stands here again")

// csvParser makes rows of CSV records.
type csvParser struct {
	csv     *csv.Reader
	record  bytes.Reader // what csv reads: one record at a time
	impUID  int          // index of the imp_uid's column
	gateway int          // index of the gateway's column, -1 if there is none
	number  int          // index of the column of receipts' numbers, -1 if there is none
	name    string       // name of the imp_uid's column
	cells   bool         // the records are rows of a sheet
}

// separate sets the byte between fields. One csv.Reader serves all records, as
// each new one would allocate a buffer. It never keeps anything for the next
// record: the framer's records end where it sees them end, or before.
func (p *csvParser) separate(comma byte) {
	p.csv = csv.NewReader(&p.record)
	p.csv.Comma = rune(comma)
	p.csv.FieldsPerRecord = -1
	p.csv.LazyQuotes = true // quotes that do not add up were found by the framer
}

// split returns the fields of a record, nil if it is blank.
func (p *csvParser) split(record []byte) []string {
	p.record.Reset(record)
	columns, err := p.csv.Read()
	if err != nil { // io.EOF: there was nothing but a line break
		return nil
	}
	if p.cells {
		for i, column := range columns {
			columns[i] = cellBreaks.Replace(column)
		}
	}
	return columns
}

func (p *csvParser) parse(record []byte) (Row, error) {
	row := Row{Columns: p.split(record)}
	if empty(row.Columns) {
		return row, errBlank
	}
	row.PG, row.ApplyNum = tasks.Gateway(row.column(p.gateway)), row.column(p.number)
	if p.impUID >= len(row.Columns) {
		return row, fmt.Errorf("the line has %d columns, the imp_uid's is column %d", len(row.Columns), p.impUID+1)
	}
	row.ImpUID = row.column(p.impUID)
	if strings.EqualFold(row.ImpUID, p.name) {
		return row, errHeaderAgain // as when two lists were put together
	}
	return row, validate(row.ImpUID)
}

// column returns the value of a column, "" if the row does not reach there.
func (r Row) column(i int) string {
	if i < 0 || i >= len(r.Columns) {
		return ""
	}
	return strings.TrimSpace(r.Columns[i])
}

// empty reports whether no column holds anything but blanks.
func empty(columns []string) bool {
	for _, column := range columns {
		if strings.TrimSpace(column) != "" {
			return false
		}
	}
	return true
}
