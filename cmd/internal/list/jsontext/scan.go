package jsontext

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/plain"
)

// maxDepth bounds how deep JSON may be nested, as encoding/json does (maxNestingDepth of its scanner):
// a deeper element could not be parsed, and each level takes memory.
const maxDepth = 10_000

// jsonScanner reads JSON byte by byte and finds where values end, without judging what is in them. Of
// each it keeps no more than a record may have, so that an element of a gigabyte costs its own line.
// Bytes suffice for it: the second byte of a CP949 character is never a quote, a bracket, a comma or a
// backslash.
type jsonScanner struct {
	in   *bufio.Reader
	line int // number of the line ahead
	// text is what is kept of the value in work, at most a byte more than a record: by that byte Next
	// knows that it was cut.
	text []byte
	nest []byte // brackets that are open in it
}

// keep adds to what is kept.
func (s *jsonScanner) keep(b byte) {
	if len(s.text) <= frame.MaxRecord {
		s.text = append(s.text, b)
	}
}

// ahead returns the next byte that is no blank, which it does not take. The error is io.EOF at the end
// of the text, or final. Zero bytes are blanks: they pad a file.
func (s *jsonScanner) ahead() (byte, error) {
	for {
		b, err := s.in.ReadByte()
		switch {
		case err == io.EOF:
			return 0, err
		case err != nil:
			return 0, s.cut(err)
		case b == '\n':
			s.line++
		case b != 0 && bytes.IndexByte([]byte(plain.Blanks), b) < 0: // zero bytes pad a file
			return b, s.in.UnreadByte()
		}
	}
}

// inside is ahead within a value, where the text may not end: that is a list that is cut short.
func (s *jsonScanner) inside() (byte, error) {
	b, err := s.ahead()
	if err == io.EOF {
		err = s.cut(err)
	}
	return b, err
}

// take takes the next byte, which ahead has returned, and keeps it.
func (s *jsonScanner) take() {
	b, _ := s.in.ReadByte()
	s.keep(b)
}

// value takes a value, and keeps it.
func (s *jsonScanner) value() error {
	s.nest = s.nest[:0]
	return s.rest()
}

// rest takes what is left of a value of which nest is open. A number or a word ends before what
// endsWord names, anything else with its own last byte.
func (s *jsonScanner) rest() error {
	for {
		b, err := s.in.ReadByte()
		if err == io.EOF && len(s.nest) == 0 {
			// A number or a word ends with the text.
			return nil
		}
		if err != nil {
			return s.cut(err)
		}
		if len(s.nest) == 0 && endsWord(b) {
			return s.in.UnreadByte()
		}
		s.keep(b)
		switch b {
		case '\n':
			s.line++
		case '"':
			err = s.quoted()
		case '{', '[':
			s.nest = append(s.nest, b)
		case '}', ']':
			err = s.closes(b)
		}
		if err != nil || len(s.nest) == 0 && (b == '"' || b == '}' || b == ']') {
			return err
		}
		if len(s.nest) > maxDepth {
			return s.broken("it is nested too deep")
		}
	}
}

// endsWord reports whether a number or a word such as null ends before b.
func endsWord(b byte) bool { return bytes.IndexByte([]byte(plain.Blanks+",:]}"), b) >= 0 }

// quoted takes what is left of a string whose first quote was taken. A line break in it is an error, as
// in JSON: else a quote that is not closed would take the rest of the list into one string.
func (s *jsonScanner) quoted() error {
	for escaped := false; ; {
		b, err := s.in.ReadByte()
		if err != nil {
			return s.cut(err)
		}
		s.keep(b)
		switch {
		case b == '\n':
			return s.broken("a string is not closed")
		case escaped:
			escaped = false
		case b == '\\':
			escaped = true
		case b == '"':
			return nil
		}
	}
}

// closes takes a bracket off nest. If it is of the wrong kind, one is missing somewhere before, and
// which elements it belongs to cannot be told.
func (s *jsonScanner) closes(b byte) error {
	last := len(s.nest) - 1
	if s.nest[last] != opening(b) {
		return s.broken("%q stands where %q is to be closed", b, s.nest[last])
	}
	s.nest = s.nest[:last]
	return nil
}

// opening returns the bracket that b closes.
func opening(b byte) byte {
	if b == ']' {
		return '['
	}
	return '{'
}

// cut returns the error for a text that ends too early. An error of the reader is wrapped as it is:
// what it reads may be whole.
func (s *jsonScanner) cut(err error) error {
	if err == io.EOF {
		return s.broken("it is cut short: the text ends in the middle of a value")
	}
	return fmt.Errorf("line %d: %w", s.line, err)
}

// broken returns the error for what is no JSON, such that what follows cannot be told apart any more.
// It matches fault.ErrBroken, and names the line.
func (s *jsonScanner) broken(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	return fault.Broken(fmt.Errorf("line %d: the JSON is broken here: %s", s.line, what))
}
