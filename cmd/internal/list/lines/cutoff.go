package lines

import (
	"errors"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
)

var errCutOff = errors.New("it is the last line, has no line end, and is shorter than the others: " +
	"the file may have been cut off here")

// shortest are the lengths of the shortest values that a column had: of all, and of those that are not empty.
// 0 is a column without any row.
type shortest struct{ all, filled int }

// add takes in a value.
func (s *shortest) add(value string) {
	n := len(value) + 1 // so that 0 is none
	if s.all == 0 || n < s.all {
		s.all = n
	}
	if n > 1 && (s.filled == 0 || n < s.filled) {
		s.filled = n
	}
}

// longerThan reports whether all values that were added are longer than a value, but for empty ones if it is not.
func (s *shortest) longerThan(value string) bool {
	if value == "" {
		return s.all > 1
	}
	return len(value)+1 < s.filled
}

// lengths are those of the values that tell one receipt from another, not of the gateway's.
type lengths [naming.FieldCount]shortest

// add takes in a row that can be used.
func (l *lengths) add(row *payment.Row) {
	l[naming.ImpUIDField].add(row.ImpUID)
	l[naming.NumberField].add(row.ApplyNum)
	l[naming.TierField].add(row.Tier)
}

// cutOff returns an error if a record may be what is left of a line: it has no line end, and has fewer cells
// than most others, or its last cell is shorter than those of all others. The Ctrl-Z of DOS ends a text.
func (p *CSV) cutOff(row *payment.Row, record []byte) error {
	if p.Sheet || strings.IndexByte("\n\r\x1A", record[len(record)-1]) >= 0 {
		return nil
	}
	of := slices.Index(p.at[:], len(row.Columns)-1)
	if p.short(len(row.Columns)) || of > 0 && p.lengths[of].longerThan(*row.Value(naming.Field(of))) {
		return errCutOff
	}
	return nil
}
