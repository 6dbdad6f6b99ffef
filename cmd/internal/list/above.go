package list

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var errAbove = errors.New("it stands above the header and looks like a payment, which is not read")

// bareNumber is an imp_uid without imp_: those of PortOne have twelve or thirteen digits.
var bareNumber = regexp.MustCompile(`^[0-9]{12,13}$`)

// skipTo goes on to a line, and notes what stands above it. What looks like a payment there
// is to be reported as a line that cannot be used.
func (r *Reader) skipTo(p *csvParser, line, sepLine int) error {
	for {
		record, err := r.next()
		if err != nil && !unusable(err) {
			return err
		}
		at := r.records.start
		if at >= line {
			r.records.again()
			return nil
		}
		text := cut(tidy(string(record)))
		switch {
		case at == sepLine:
			r.note(sepLine, fmt.Sprintf("%q says what separates the columns: it is not part of the list", text))
		case p.looksLikePayment(record):
			r.above = append(r.above, newLineError(Row{Line: at}, record, errAbove))
		case strings.Trim(text, unfilled) != "":
			r.note(at, fmt.Sprintf("above the header, not read: %q", text))
		}
	}
}

// looksLikePayment reports whether a record above the header holds an imp_uid, or a number
// that may be one in its place.
func (p *csvParser) looksLikePayment(record []byte) bool {
	row := Row{Columns: p.split(record)}
	return holdsImpUID(string(record)) || bareNumber.MatchString(row.column(p.impUID))
}
