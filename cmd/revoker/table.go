package main

import (
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// table is rows of a name, figures, and a remark. Its first row is its header. Notes that
// several rows share stand below it once.
type table struct {
	rows  [][]string
	notes []string
}

// row adds a row; all have as many cells.
func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// note returns by which mark a row points to a note, which it adds unless it is there.
func (t *table) note(text string) (mark string) {
	for i, known := range t.notes {
		if known == text {
			return noteMark(i)
		}
	}
	t.notes = append(t.notes, text)
	return noteMark(len(t.notes) - 1)
}

// print writes the table. Where a name leaves too little room for the rest of its row, it
// stands on a line of its own.
func (t *table) print(s screen) error {
	widths := t.widths()
	last, rest := len(widths)-1, len(widths)
	for _, width := range widths[1:] {
		rest += width
	}
	name := widths[0]
	if s.columns > 0 {
		name = max(min(name, s.columns-rest), 1)
	}
	for _, cells := range t.rows {
		begin, figures := pad(cells[0], name), strings.Builder{}
		for i, cell := range cells[1:last] {
			figures.WriteString(" " + runewidth.FillLeft(cell, widths[i+1]))
		}
		figures.WriteString("  " + cells[last])
		if runewidth.StringWidth(begin) > name {
			if err := s.line(begin, hanging); err != nil {
				return err
			}
			begin = strings.Repeat(" ", name)
		}
		if err := s.line(begin+figures.String(), hanging); err != nil {
			return err
		}
	}
	for i, note := range t.notes {
		if err := s.line(noteMark(i)+" "+note, hanging); err != nil {
			return err
		}
	}
	return nil
}

// widths returns how wide the columns are.
func (t *table) widths() []int {
	widths := make([]int, len(t.rows[0]))
	for _, cells := range t.rows {
		for i, cell := range cells {
			widths[i] = max(widths[i], runewidth.StringWidth(cell))
		}
	}
	return widths
}

func noteMark(i int) string { return "[" + strconv.Itoa(i+1) + "]" }
