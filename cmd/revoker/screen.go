package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"receiptrevoker/cmd/internal/config"
)

const (
	// usualColumns is how wide a terminal is that does not say.
	usualColumns = 80
	// fewestColumns is what a terminal has at least: no line is folded below.
	fewestColumns = 40
	// hanging is how far the rest of a folded line is indented.
	hanging = 4
)

// screen is where people read. On a terminal no line is wider than it; in a file and in a
// pipe, where programs read too, every row stays one line.
type screen struct {
	out     io.Writer
	columns int // 0 where there is no terminal
}

func newScreen(out io.Writer) screen {
	s := screen{out: out}
	if file, ok := out.(*os.File); ok && config.Terminal(out) {
		columns, _, err := term.GetSize(int(file.Fd()))
		if err != nil || columns == 0 {
			columns = usualColumns
		}
		s.columns = max(columns, fewestColumns)
	}
	return s
}

// line writes a line, folded where it is too wide; its rest is indented by that many
// columns.
func (s screen) line(text string, indent int) error {
	text = strings.TrimRight(plain(text), " ")
	if s.columns > 0 {
		text = fold(text, s.columns, indent)
	}
	_, err := io.WriteString(s.out, text+"\n")
	return err
}

// text writes lines.
func (s screen) text(text string) error {
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if err := s.line(line, hanging); err != nil {
			return err
		}
	}
	return nil
}

// erase takes away what a terminal shows of Ctrl-C on the line that is written next.
func (s screen) erase() {
	if s.columns > 0 {
		fmt.Fprintf(s.out, "\r%*s\r", s.columns-1, "")
	}
}

// plain returns a text without what a terminal would obey, or would show in another order:
// names and messages are written by others.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case !unicode.IsGraphic(r):
			return '?'
		}
		return r
	}, text)
}

// fold breaks a line at blanks, or where there are none within a word, so that no part is
// wider than columns.
func fold(text string, columns, indent int) string {
	var folded strings.Builder
	room := columns
	for runewidth.StringWidth(text) > room {
		head := runewidth.Truncate(text, room, "")
		next := text[len(head):]
		blank := strings.LastIndexByte(head, ' ')
		if !strings.HasPrefix(next, " ") && strings.TrimSpace(head[:max(blank, 0)]) != "" {
			head, next = head[:blank], text[blank:]
		}
		folded.WriteString(strings.TrimRight(head, " ") + "\n" + strings.Repeat(" ", indent))
		text, room = strings.TrimLeft(next, " "), columns-indent
	}
	folded.WriteString(text)
	return folded.String()
}

// pad fills a text with blanks to a width in terminal columns: Korean letters
// take two.
func pad(text string, width int) string { return runewidth.FillRight(text, width) }

// fit cuts a text to a width in terminal columns.
func fit(text string, width int) string { return runewidth.Truncate(text, width, "…") }

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
