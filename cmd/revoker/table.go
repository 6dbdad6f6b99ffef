package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

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

// plural returns a count with its noun, such as "1 line" and "2 lines".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// count returns how many there are of something: one is what follows 1, and many every
// other number.
func count(n int, one, many string) string { return fmt.Sprintf("%d %s", n, either(n, one, many)) }

// either returns one where there is one of something, and else many.
func either(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// byFrequency returns what is counted, the most frequent first, and what is
// equally frequent in its own order.
func byFrequency[K cmp.Ordered](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

// percent shows a share of the whole, and nothing where there is none.
func percent(part, whole int) string {
	if whole == 0 || part == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// perSecond shows a rate, with one decimal where it is low.
func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// roughly shows a duration as closely as anybody wants to know it.
func roughly(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds())+1)
}

// moment shows a time in the local zone, to the second and with the zone's name.
func moment(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05 MST") }

// minute shows a time as lists do, in the local zone; their header names the zone.
func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// zone returns the name of the local zone.
func zone(now time.Time) string { return now.Local().Format("MST") }
