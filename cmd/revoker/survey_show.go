package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"receiptrevoker/cmd/internal/list"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// show prints the survey to out, and what there is to say of single lines to told. For --dry-run the
// survey is the result and goes to standard output; before a question both go to standard error.
func (s *survey) show(out, told io.Writer) error {
	for _, text := range s.odd {
		newScreen(told).say("%s", text)
	}
	tellList(told, s.input.reader)
	r := printout{screen: newScreen(out)}
	r.say(hanging, "%s", s.input.name)
	s.showLayout(&r)
	s.showCounts(&r)
	s.showKnown(&r)
	s.showGateways(&r)
	s.showExamples(&r)
	return r.err
}

// showLayout prints how the list is written and from which columns its values come. Values are cut at 60
// columns, so that the block fits 80. JSON has no header, so there is no line about one.
func (s *survey) showLayout(r *printout) {
	row := func(name, text string) { r.say(hanging, "  %-14s %s", name, fit(text, 60)) }
	layout := s.input.reader.Layout()
	row("written as", written(layout))
	if layout.Format == list.XLSX {
		row("sheet", fmt.Sprintf("%q of %s", layout.Sheet, plural(layout.Sheets, "sheet")))
	}
	switch {
	case layout.HeaderLine > 0:
		row("header", fmt.Sprintf("line %d", layout.HeaderLine))
		row("imp_uid", fromColumn(layout.ImpUID))
		row("gateway", fromColumn(layout.PG))
		row("apply_num", fromColumn(layout.ApplyNum))
		row("tier", fromColumn(layout.Tier))
	case layout.Format == list.CSV, layout.Format == list.XLSX:
		row("header", "none: an imp_uid a line")
	}
	if pg := s.input.options.PG; pg != "" {
		row("--pg", gatewayName(pg)+", of lines that name none")
	}
	if tier := s.input.options.Tier; tier != "" {
		row("--tier", tier+", of lines that name none")
	}
}

// written says in which format a list is, and how that is written: "CSV in EUC-KR (CP949), fields
// separated by tab, unpacked from gzip". A wrong encoding is the first thing to look for where Korean
// names look wrong.
func written(layout list.Layout) string {
	// The cells of a workbook come as UTF-8, whatever its XML is written in.
	text := string(layout.Format)
	if layout.Format != list.XLSX {
		text += " in " + layout.Encoding
	}
	if layout.Separator != "" {
		text += ", fields separated by " + layout.Separator
	}
	if layout.Compression != "" {
		text += ", unpacked from " + layout.Compression
	}
	return text
}

// fromColumn says from which column of the header a value comes. What people have written is quoted: it
// may hold what a terminal would obey.
func fromColumn(name string) string {
	if name == "" {
		return "no column"
	}
	return fmt.Sprintf("column %q", name)
}

// showCounts prints how many lines there are of each kind. new, known, repeated and invalid add up to
// lines. Without Redis new and known are one figure, usable.
func (s *survey) showCounts(r *printout) {
	row := func(name string, count int, note string) {
		r.say(hanging, "  %-14s %10d  %s", name, count, note)
	}
	of := func(kind outcome.Kind) int { return s.counts.kinds[kind] }
	more := ""
	if s.unread != nil {
		more = "and more, the list was not read to its end"
	}
	r.say(0, "")
	row("lines", s.counts.lines, more)
	if s.unknown == nil {
		row("new", of(outcome.KindQueued), "would be asked for")
		row("known", of(outcome.KindElsewhere), "asked for before")
	} else {
		row("usable", s.counts.lines-of(outcome.KindRepeated)-s.counts.invalid(), "not known which were asked for before")
	}
	row("repeated", of(outcome.KindRepeated), "")
	row("invalid", s.counts.invalid(), "")
}

// showKnown prints how far the lines have come that were requested before, the most frequent first: a
// list of which most are revoked was probably given before.
func (s *survey) showKnown(r *printout) {
	if s.unknown != nil || len(s.known) == 0 {
		return
	}
	r.say(0, "")
	r.say(hanging, "  %-30s %10s", "asked for before", "lines")
	order := slices.SortedFunc(maps.Keys(s.known), func(a, b standing) int {
		return cmp.Or(cmp.Compare(s.known[b], s.known[a]), cmp.Compare(a.status, b.status), cmp.Compare(a.reason, b.reason))
	})
	for _, is := range order {
		note := ""
		if is.again {
			// Such lines are among the new ones.
			note = "  asked for again"
		}
		r.say(hanging, "  %-8s %-21s %10d%s", is.status, is.reason, s.known[is], note)
	}
}

// showGateways prints the lines that can be used by gateway, the most frequent first and no more than
// shownGateways: the screen must still show the question below. The rest is one row, others.
func (s *survey) showGateways(r *printout) {
	row := func(name string, of gatewayLines) {
		if s.unknown != nil {
			r.say(hanging, "  %s %10d", pad(fit(name, 30), 30), of.lines)
			return
		}
		r.say(hanging, "  %s %10d %10d %10d", pad(fit(name, 30), 30), of.lines, of.lines-of.known, of.known)
	}
	lines := make(map[tasks.Gateway]int, len(s.gateways))
	for pg, of := range s.gateways {
		lines[pg] = of.lines
	}
	if len(lines) == 0 {
		return
	}
	head := fmt.Sprintf("  %-30s %10s", "gateway", "lines")
	if s.unknown == nil {
		head += fmt.Sprintf(" %10s %10s", "new", "known")
	}
	r.say(0, "")
	r.say(hanging, "%s", head)
	// others begins with the spellings that were never counted one by one.
	hidden := s.others
	for i, pg := range byFrequency(lines) {
		if of := *s.gateways[pg]; i < shownGateways {
			row(gatewayName(pg), of)
		} else {
			hidden.lines, hidden.known = hidden.lines+of.lines, hidden.known+of.known
		}
	}
	if hidden.lines > 0 {
		row("others", hidden)
	}
}

// gatewayName names a gateway as a list may name it: also none, or one that is not known, in quotes, as
// anything may stand in its column.
func gatewayName(pg tasks.Gateway) string {
	switch {
	case pg == "":
		return "not named"
	case !pg.Known():
		return fmt.Sprintf("not known: %q", string(pg))
	}
	return string(pg)
}

// showExamples prints the first lines as they were read, in the columns line, imp_uid, gateway, tier and
// apply_num. Lines are cut at 80 columns, for which nine digits of an apply_num leave room.
func (s *survey) showExamples(r *printout) {
	if len(s.examples) == 0 {
		return
	}
	width := len("imp_448280090638")
	for _, line := range s.examples {
		width = max(width, len(line.ImpUID))
	}
	row := func(number, impUID, pg, tier, applyNum string) {
		text := fmt.Sprintf("  %8s  %s  %s  %-4s  %s", number, pad(impUID, width), pad(fit(pg, 16), 16), tier, applyNum)
		r.say(hanging, "%s", fit(text, 80))
	}
	r.say(0, "")
	row("line", "imp_uid", "gateway", "tier", "apply_num")
	for _, line := range s.examples {
		pg := string(line.PG)
		if pg != "" && !line.PG.Known() {
			pg = strconv.Quote(pg)
		}
		row(strconv.Itoa(line.Number), line.ImpUID, pg, line.Tier, line.ApplyNum)
	}
}
