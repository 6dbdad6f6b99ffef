// Package jsontext cuts a JSON text into the records of a list, element by element: the text may be of
// any length, and one element that is no JSON costs itself alone. What is in an element it does not
// judge.
package jsontext

import (
	"bufio"
	"io"
	"slices"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/frame"
)

// Elements cuts a JSON text into the records of a list: the elements of its arrays, and of the lists
// that answers of PortOne hold, and what stands outside of an array. Several values may follow each
// other, with or without line breaks, as files that are put together.
//
// PortOne V1 answers {"code":0,"message":null,"response":…} with an array or with
// {"total":…,"list":[…]} as its response; see its specification, /payments/status.
//
// [New] leaves four fields to the caller, all of which have to be set before the first Next.
type Elements struct {
	// Text decodes what the list is written in.
	Text decode.Decoder
	// Names reports whether a key is an imp_uid's.
	Names func(key string) bool
	// Reads reports whether a key is that of a payment's field: no page has one.
	Reads func(key string) bool
	// Partial is told, at the end of the text, of a list of which not all pages are there: where it
	// begins, how many elements were read, and how many there are.
	Partial func(line, read, total int)

	scan  jsonScanner
	start int // line on which the element last returned starts
	// open are the arrays and objects around what is ahead of which elements are taken, the outermost
	// first.
	open []level
	// err is final: each Next returns it again.
	err  error
	last frame.Record
	// pages are the first page of each total, with the elements of all of that total.
	pages []level
}

// level is an array of elements, or an object of an answer around one.
type level struct {
	bracket byte
	line    int  // on which it is opened
	full    bool // a value was read: a comma or the end follows
	comma   bool // a comma was read: a value follows
	answer  bool // it is of an answer of PortOne

	// total is, of an answer's response, how many elements there are on all its pages; 0 if it does not
	// say.
	total int
	// elements is how many of them were read.
	elements int
}

// New returns the elements of a text that begins on a line.
func New(in *bufio.Reader, line int) *Elements {
	return &Elements{scan: jsonScanner{in: in, line: line}}
}

// At returns the line on which the element last returned starts, or the one in work. Notes of keys that
// are not read name it.
func (e *Elements) At() int { return e.start }

// Next returns the next element, valid until the next call. The error is [frame.ErrLongElement] with
// the beginning of an element, io.EOF at the end of the text, or final: after an error of the syntax
// outside of an element nothing tells where the next one begins.
func (e *Elements) Next() (*frame.Record, error) {
	for e.err == nil {
		e.scan.text = e.scan.text[:0]
		found, err := e.step()
		switch {
		case err != nil:
			e.err = err
		case found && len(e.scan.text) > frame.MaxRecord:
			text := decode.Whole(e.scan.text[:frame.MaxRecord])
			return &frame.Record{Line: e.start, Text: e.Text.Decode(text)}, frame.ErrLongElement
		case found:
			e.last = frame.Record{Line: e.start, Text: e.Text.Decode(e.scan.text)}
			return &e.last, nil
		}
	}
	return &frame.Record{Line: e.start}, e.err
}

// step moves to the next bracket, comma or value, and reports whether an element was found.
func (e *Elements) step() (bool, error) {
	b, err := e.scan.ahead()
	if err == io.EOF && len(e.open) > 0 {
		top := e.open[len(e.open)-1]
		return false, e.scan.broken("it is cut short: the %q of line %d is not closed", top.bracket, top.line)
	}
	if err != nil {
		if err == io.EOF {
			e.tellPages()
		}
		return false, err
	}
	e.start = e.scan.line
	if len(e.open) == 0 {
		return e.outside(b)
	}
	top := &e.open[len(e.open)-1]
	switch {
	// A closing bracket of the right kind. After a comma a value has to come.
	case endsWord(b) && b != ',' && opening(b) == top.bracket && !top.comma:
		e.scan.take()
		e.leave()
		return false, nil
	case top.full && b == ',':
		e.scan.take()
		top.full, top.comma = false, true
		return false, nil
	case top.full || endsWord(b):
		return false, e.scan.broken("%q stands where a comma or a value is expected", b)
	}
	top.full, top.comma = true, false
	if top.bracket == '{' {
		return e.member()
	}
	switch {
	case b == '{' && !e.inObject():
		return e.object(false)
	case b == '[' && !e.inObject():
		return e.array()
	}
	e.count()
	return true, e.scan.value()
}

// array takes the array ahead, which is an element of another. One of objects is a part of the list, as
// jq -s makes them of several lists. Any other is an element, which the parser refuses: a row of cells
// has no keys.
func (e *Elements) array() (bool, error) {
	e.enter('[')
	b, err := e.scan.inside()
	switch {
	case err != nil:
		return false, err
	case len(e.open) > maxDepth:
		return false, e.scan.broken("it is nested too deep")
	case b == '{' || b == '[':
		e.scan.text = e.scan.text[:0]
		return false, nil
	}
	e.open = e.open[:len(e.open)-1]
	e.scan.nest = append(e.scan.nest[:0], '[')
	return true, e.scan.rest()
}

// count counts an element of an answer's list, for the object around the list says how many there are.
func (e *Elements) count() {
	if len(e.open) > 1 {
		e.open[len(e.open)-2].elements++
	}
}

// outside reads what begins with b outside of an array.
func (e *Elements) outside(b byte) (bool, error) {
	switch {
	case b == '[':
		e.enter('[')
		return false, nil
	case b == '{':
		return e.object(false)
	case endsWord(b):
		return false, e.scan.broken("%q stands outside of any list", b)
	}
	return true, e.scan.value()
}

// enter takes the bracket ahead: what is in it are elements.
func (e *Elements) enter(bracket byte) {
	e.scan.take()
	e.open = append(e.open, level{bracket: bracket, line: e.scan.line})
}

// leave leaves the array or object around. An object that says how many elements there are on all pages
// is compared with what was read.
func (e *Elements) leave() {
	top := e.open[len(e.open)-1]
	if top.total > 0 {
		e.page(top)
	}
	e.open = e.open[:len(e.open)-1]
}

// InAnswer reports whether the element is one of an answer of PortOne. A payment there has the card
// company's apply_num, a receipt its own. Lists under other keys, such as data, are no such answers.
func (e *Elements) InAnswer() bool {
	return slices.ContainsFunc(e.open, func(l level) bool { return l.answer })
}

// inObject reports whether the element is one of a list within an object. There an object is an element
// as it is, and is not searched for a list of its own.
func (e *Elements) inObject() bool {
	return slices.ContainsFunc(e.open, func(l level) bool { return l.bracket == '{' })
}

// maxPaged bounds how many totals are told apart, or a text of millions of answers would take memory
// for each.
const maxPaged = 1000

// page takes in what was read of an answer's list. Pages of the same total are one list's, as where
// jq -s has put them together: 100 and 20 of 120 are whole.
func (e *Elements) page(read level) {
	i := slices.IndexFunc(e.pages, func(first level) bool { return first.total == read.total })
	switch {
	case i >= 0:
		e.pages[i].elements += read.elements
	case len(e.pages) < maxPaged:
		e.pages = append(e.pages, read)
	}
}

// tellPages tells of the lists of which pages are missing.
func (e *Elements) tellPages() {
	for _, first := range e.pages {
		if first.total > first.elements {
			e.Partial(first.line, first.elements, first.total)
		}
	}
	e.pages = nil
}
