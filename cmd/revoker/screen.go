package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"receiptrevoker/cmd/internal/config"
)

const (
	// usualColumns is how wide a terminal is taken to be that does not say its width, or says 0.
	usualColumns = 80
	// fewestColumns is the least width to which lines are folded. On a narrower terminal they wrap:
	// folded to 20 columns a table could not be read at all.
	fewestColumns = 40
	// hanging is how many columns the rest of a folded line is indented, so that a person sees where
	// the next row begins.
	hanging = 4
)

// screen is where people read. On a terminal no line is wider than the terminal. In a file and in a
// pipe, where grep and awk read too, every row stays one line. It knows the width at the time at which
// it was made; who writes for longer makes a new one, as [progress] does.
type screen struct {
	out     io.Writer
	columns int // 0 where there is no terminal
}

// newScreen asks a terminal for its width. That is a system call and no more, so that callers make a
// screen for each message.
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

// line writes a line, folded where it is too wide; its rest is indented by indent columns. It is the
// one way to where people read: what a terminal would obey is taken out here, see [plain], so that
// callers pass names and messages as they are.
func (s screen) line(text string, indent int) error {
	text = strings.TrimRight(plain(text), " ")
	if s.columns > 0 {
		text = fold(text, s.columns, indent)
	}
	_, err := io.WriteString(s.out, text+"\n")
	return err
}

// say writes the lines of a format, folded at the width of a terminal. An argument has no line of its
// own, whatever it holds. A stream that is closed, as by "2>&-", is no reason to stop a command whose
// results are what counts.
func (s screen) say(format string, args ...any) {
	makePlain(args)
	text := strings.TrimSuffix(fmt.Sprintf(format, args...), "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if s.line(line, hanging) != nil {
			return
		}
	}
}

// prompt writes a question, behind which a person types the answer.
func (s screen) prompt(question string) { _, _ = io.WriteString(s.out, plain(question)) }

// erase takes away what a terminal shows of Ctrl-C (^C) at the place where the next line begins. It
// writes blanks, one less than there are columns: a letter in the last column could move the cursor to
// the next line.
func (s screen) erase() {
	if s.columns > 0 {
		fmt.Fprintf(s.out, "\r%*s\r", s.columns-1, "")
	}
}

// fold breaks a line at blanks, so that no part is wider than columns; all but the first are indented. A
// word that is too long for a line is broken within. Widths are those of a terminal, where a Korean
// letter takes two columns: 현금영수증 takes ten.
func fold(text string, columns, indent int) string {
	var folded strings.Builder
	room := columns
	for runewidth.StringWidth(text) > room {
		head := runewidth.Truncate(text, room, "")
		next := text[len(head):]
		// Break at the last blank of what fits, unless the part ends with a word already, or has
		// only blanks before that one, as an indented line does.
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

// pad fills a text with blanks to a width in terminal columns. fmt's %-20s counts letters, so that
// columns behind Korean names would not stand below each other. The text is made plain before, so that
// the width is that of what is shown; so does fit.
func pad(text string, width int) string { return runewidth.FillRight(plain(text), width) }

// fit cuts a text to a width in terminal columns, the "…" at its end included.
func fit(text string, width int) string { return runewidth.Truncate(plain(text), width, "…") }

// table is rows of a name, figures, and a remark, which is not aligned to the right. Its first row is
// its header. Notes stand below it: several rows may point to one by its mark, as in
//
//	QUEUE              PENDING  RATE  PAUSED
//	receipts-bulk-kcp      512 0.0/s  gate [1]
//	receipts-kcp             2 0.0/s  gate [1]
//	[1] by the gate of kcp, closed since 2026-11-26 08:49:00 KST: …
type table struct {
	rows  [][]string
	notes []string
}

// row adds a row. All rows must have as many cells as the first. Cells are made plain here, so that the
// widths are those of what is shown.
func (t *table) row(cells ...string) {
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	t.rows = append(t.rows, cells)
}

// note returns the mark by which a row points to a note. It adds the note unless an earlier row has the
// same.
func (t *table) note(text string) (mark string) {
	for i, known := range t.notes {
		if known == text {
			return noteMark(i)
		}
	}
	t.notes = append(t.notes, text)
	return noteMark(len(t.notes) - 1)
}

// print writes the table, whose header must be there. On a terminal the column of names gets what the
// others leave. A name that is wider stands on a line of its own above its row: figures that were
// folded could not be compared.
func (t *table) print(s screen) error {
	widths := t.widths()
	// rest is how many columns stand behind the name: the other cells, a blank before each, and one
	// more before the remark.
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

// widths returns how wide the columns must be for their widest cells, in terminal columns.
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
