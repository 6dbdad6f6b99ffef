package jsontext

import (
	"slices"
)

// maxPaged bounds how many totals are told apart.
const maxPaged = 1000

// page takes in what was read of an answer's list. Pages of the same total are one list's, as
// where jq -s has put them together.
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
