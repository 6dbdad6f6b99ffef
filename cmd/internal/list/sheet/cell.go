package sheet

import (
	"bytes"
	"fmt"
	"strconv"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/plain"
)

// cell is the cell in work.
type cell struct {
	column int // from 1; 0 before the first of a row
	filled int // column that the record has reached
	kind   string
	style  string // the number of its format
	inline bool   // its text stands in it
	value  bool   // within v
	raw    []byte
	text   richText
}

// endCell adds the cell to the record.
func (s *Rows) endCell() error {
	if s.kind == "inlineStr" {
		value := s.text.end()
		if len(value) == 0 { // some programs write v, as in a cell of the kind str
			value = unescape(s.raw)
		}
		s.field(value)
		return nil
	}
	if len(s.raw) == 0 {
		if s.unsolved.formula && s.kind != "str" { // with str it is worked out, and the text is empty
			s.unsolved.add(s.row, s.column)
		}
		return nil
	}
	value, err := s.content(s.raw)
	s.field(value)
	return err
}

// content returns what a cell shows whose v is value.
func (s *Rows) content(value []byte) ([]byte, error) {
	switch s.kind {
	case "s":
		i, err := strconv.Atoi(string(bytes.TrimSpace(value)))
		if err != nil || !s.texts.has(i) { // no value that is read may have a #, so that it costs the line
			return fmt.Appendf(nil, "#text %s is missing", fault.Cut(string(value))), nil
		}
		return s.texts.at(i)
	case "str":
		return unescape(value), nil
	case "b":
		if string(bytes.TrimSpace(value)) == "1" {
			return []byte("TRUE"), nil
		}
		return []byte("FALSE"), nil
	case "", "n":
		return s.formats.show(plainNumber(bytes.TrimSpace(value)), s.style), nil
	}
	return value, nil // e is an error such as #N/A, d a date in ISO 8601
}

// field adds a field to the record, which is not continued beyond what is used.
func (s *Rows) field(value []byte) {
	if len(value) == 0 || len(s.record) > frame.MaxRecord {
		return
	}
	for ; s.filled < s.column; s.filled++ {
		s.record = append(s.record, ',')
	}
	quoted := bytes.ContainsAny(value, plain.Separators+`"`)
	if quoted {
		s.record = append(s.record, '"')
	}
	for _, b := range value {
		switch b {
		case '"':
			s.record = append(s.record, '"')
		case '\n':
			b = frame.CellLF
		case '\r':
			b = frame.CellCR
		}
		s.record = append(s.record, b)
	}
	if quoted {
		s.record = append(s.record, '"')
	}
}

// plainNumber returns a number as a person would write it: without an exponent, and
// without the digits that binary fractions add. An integer stays as it is.
func plainNumber(value []byte) []byte {
	for _, b := range value {
		if b < '0' || b > '9' {
			if f, err := strconv.ParseFloat(string(value), 64); err == nil {
				return strconv.AppendFloat(nil, f, 'f', -1, 64)
			}
			break
		}
	}
	return value
}
