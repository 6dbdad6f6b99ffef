package sheet

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
)

// cell is the cell in work: a c element, ECMA-376 part 1, 18.3.1.4.
type cell struct {
	column int // from 1; 0 before the first of a row
	// kind is the attribute t: s for a shared text, str for a formula's text, b, e, d, n, inlineStr, or
	// "".
	kind string
	// style is the number of its format, the attribute s.
	style string
	// inline says that the reader is within is: the text stands in the cell itself.
	inline bool
	// value says that the reader is within v.
	value bool
	// formula says that it has one, whose result v holds if a program has worked it out.
	formula bool
	// raw is the text of v, and text that of is. Both are used again for the next cell.
	raw  []byte
	text richText
}

// token takes up a token within a cell. A value that is too long is cut: its row cannot be used.
func (c *cell) token(token xml.Token) {
	switch e := token.(type) {
	case xml.StartElement:
		c.value = c.value || e.Name.Local == "v"
		c.inline = c.inline || e.Name.Local == "is"
		c.formula = c.formula || e.Name.Local == "f"
	case xml.EndElement:
		c.value = c.value && e.Name.Local != "v"
		c.inline = c.inline && e.Name.Local != "is"
	case xml.CharData:
		if c.value && len(c.raw) <= frame.MaxRecord {
			c.raw = append(c.raw, e...)
		}
	}
	if c.inline {
		c.text.token(token)
	}
}

// startCell begins a cell. One without a reference stands right of the one before, as programs other
// than Excel write it. Columns have to grow, or two cells would be one.
func (s *Rows) startCell(e xml.StartElement) error {
	column := s.cell.column + 1
	if r := attribute(e, "r"); r != "" {
		column = columnOf(r)
	}
	if column <= s.cell.column || column > maxSheetColumns {
		return fmt.Errorf("a cell %q follows column %d", fault.Cut(attribute(e, "r")), s.cell.column)
	}
	s.cell = cell{
		column: column, kind: attribute(e, "t"), style: attribute(e, "s"), value: s.cell.value, inline: s.cell.inline,
		raw: s.cell.raw[:0], text: s.cell.text,
	}
	s.cell.text.begin()
	return nil
}

// endCell adds the cell to the row, which is not continued beyond what is used. Cells between that the
// file leaves out are empty ones.
func (s *Rows) endCell() error {
	value, err := s.content()
	if len(value) == 0 || s.cell.column == 0 || len(s.text) > frame.MaxRecord { // 0: it ends and never began
		return err
	}
	for len(s.ends) < s.cell.column {
		if len(s.ends) > 0 {
			s.text = append(s.text, ',')
		}
		s.ends = append(s.ends, len(s.text))
	}
	s.text = append(s.text, value...)
	s.ends[len(s.ends)-1] = len(s.text)
	return err
}

// content returns what the cell shows a person, as far as a list needs it: a date is its number.
func (s *Rows) content() ([]byte, error) {
	c := &s.cell
	switch value := bytes.TrimSpace(c.raw); {
	case c.kind == "inlineStr":
		if text := c.text.end(); len(text) > 0 { // some programs write v, as in a cell of the kind str
			return text, nil
		}
		return unescape(c.raw), nil
	case len(c.raw) == 0:
		// Programs other than Excel write a workbook without working out its formulas, and Excel does so when it opens
		// one. With str it is worked out, and the text is empty.
		if c.formula && c.kind != "str" {
			s.gaps = append(s.gaps, frame.Gap{Left: int32(c.column), Right: int32(c.column)})
		}
		return nil, nil
	case c.kind == "s":
		// A text that is missing must not be read as an empty cell. No value that is read may have a #, so
		// that it costs the line and not the list.
		i, err := strconv.Atoi(string(value))
		if err != nil || !s.texts.has(i) {
			return fmt.Appendf(nil, "#text %s is missing", fault.Cut(string(c.raw))), nil
		}
		return s.texts.at(i)
	case c.kind == "str":
		return unescape(c.raw), nil
	case c.kind == "b" && string(value) == "1":
		return []byte("TRUE"), nil
	case c.kind == "b":
		return []byte("FALSE"), nil
	case c.kind == "", c.kind == "n":
		return s.formats.show(plainNumber(value), c.style), nil
	}
	// e is an error such as #N/A, d a date in ISO 8601.
	return c.raw, nil
}

// richText gathers the text of an element of a workbook, which may be in several
// runs, each with its font. Phonetic hints (rPh) are no part of it.
type richText struct {
	text     []byte
	reading  bool // within a t
	phonetic bool // within a rPh
}

func (r *richText) begin() { *r = richText{text: r.text[:0]} }

// token takes up a token of the element.
func (r *richText) token(token xml.Token) {
	switch e := token.(type) {
	case xml.StartElement:
		r.reading = e.Name.Local == "t" && !r.phonetic
		r.phonetic = r.phonetic || e.Name.Local == "rPh"
	case xml.EndElement:
		r.reading = false
		r.phonetic = r.phonetic && e.Name.Local != "rPh"
	case xml.CharData:
		if r.reading && len(r.text) <= frame.MaxRecord { // a row of that length cannot be used
			r.text = append(r.text, e...)
		}
	}
}

// end returns the text, valid until begin.
func (r *richText) end() []byte { return unescape(r.text) }

// escaped is how a workbook writes characters that XML cannot hold, ECMA-376 part 1,
// 22.9.2.19 (ST_Xstring): _x000D_ is a carriage return.
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescape returns text with its escapes replaced. Control characters other than
// line breaks and tabs are dropped: no value has one.
func unescape(text []byte) []byte {
	if !escaped.Match(text) {
		return text
	}
	return escaped.ReplaceAllFunc(text, func(escape []byte) []byte {
		code, _ := strconv.ParseUint(string(escape[2:6]), 16, 16)
		if code < ' ' && code != '\n' && code != '\r' && code != '\t' {
			return nil
		}
		return utf8.AppendRune(nil, rune(code))
	})
}
