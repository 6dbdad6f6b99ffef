package list

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/lines"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
)

var errAbove = errors.New("it stands above the header and looks like a payment, which is not read")

// skipTo skips to a line, and notes what stands above it. What looks like a payment there
// is to be reported as a line that cannot be used.
func (r *Reader) skipTo(p *lines.CSV, line, sepLine int) error {
	for {
		record, err := r.next()
		if err != nil && !frame.Unusable(err) {
			return err
		}
		at := r.records.Start
		if at >= line {
			r.records.Again()
			return nil
		}
		text := fault.Cut(plain.Name(string(record)))
		switch {
		case at == sepLine:
			r.note(sepLine, fmt.Sprintf("%q says what separates the columns: it is not part of the list", text))
		case p.LooksLikePayment(record):
			r.above = append(r.above, payment.NewLineError(Row{Line: at}, record, errAbove))
		case strings.Trim(text, plain.Unfilled) != "":
			r.note(at, fmt.Sprintf("above the header, not read: %q", text))
		}
	}
}

// startCSV finds the header and sets up the parser for what follows it.
func (r *Reader) startCSV(head []byte, named string) error {
	isSheet := r.format == XLSX
	sep, sepLine := header.SeparatorLine(head, r.records.Line)
	at, bare, err := header.Search{
		Head: head, Line: r.records.Line, Korean: r.text.Korean, Sheet: isSheet, Named: named, Sep: sep, SepLine: sepLine,
	}.Find()
	if err != nil {
		return err
	}
	comma := byte(',')
	if at != nil {
		comma = at.Comma
	}
	p := lines.NewCSV(comma, named, isSheet)
	r.parser, r.records.Comma = p, comma
	if at == nil {
		err = r.skipTo(p, bare, sepLine)
	} else {
		err = r.useHeader(p, at, sepLine)
	}
	r.records.IsRow = p.IsRow
	return err
}

// useHeader reads up to the header and takes its columns.
func (r *Reader) useHeader(p *lines.CSV, at *header.Header, sepLine int) error {
	if err := p.UseHeader(at); err != nil {
		return err
	}
	if err := r.skipHeader(p, at, sepLine); err != nil {
		return err
	}
	r.header = at.Columns
	if n := at.Unnamed(); n > 0 && !p.Sheet {
		r.note(at.Line, fmt.Sprintf("the header has %d columns, the lines have %d: what has no name is not read",
			len(at.Columns), n))
	}
	if p.Moves.Receipt && p.Least <= max(p.Number, p.Tier) && !p.Sheet {
		r.note(at.Line, "most lines end before the column of apply_num or tier: they name none")
	}
	r.noteUnread(p, at)
	names := Row{Columns: at.Names}
	r.layout = Layout{
		Separator: plain.SeparatorNames[at.Comma], HeaderLine: at.Line,
		ImpUID: names.Column(p.ImpUID), PG: names.Column(p.Gateway),
		ApplyNum: names.Column(p.Number), Tier: names.Column(p.Tier),
	}
	return nil
}

// skipHeader reads up to a header and over it, and notes where it has several rows.
func (r *Reader) skipHeader(p *lines.CSV, at *header.Header, sepLine int) error {
	for _, line := range at.Lines {
		if err := r.skipTo(p, line, sepLine); err != nil {
			return err
		}
		if _, err := r.next(); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
	if first, last := at.Lines[0], at.Lines[len(at.Lines)-1]; first < last {
		r.note(first, fmt.Sprintf("the header has several rows, lines %d to %d: they are read together", first, last))
	}
	return nil
}

// noteUnread notes the columns that may say which receipt is meant, whose, or where, and are not read.
func (r *Reader) noteUnread(p *lines.CSV, at *header.Header) {
	of := map[naming.Field]int{naming.NumberField: p.Number, naming.TierField: p.Tier, naming.GatewayField: p.Gateway}
	reads := p.Reads()
	for i, name := range at.Names {
		like, text := naming.LookAlike(name)
		if like == naming.NoField || slices.Contains(reads, i) {
			continue
		}
		if of[like] >= 0 {
			text = fmt.Sprintf("column %d is, %q", of[like]+1, fault.Cut(plain.Name(at.Names[of[like]])))
		}
		r.note(at.Line, fmt.Sprintf("column %d, %q, is not read: %s", i+1, fault.Cut(plain.Name(name)), text))
	}
}

// noteKey notes a key of JSON that may be one of those, and is not read.
func (r *Reader) noteKey(key string) {
	if like, text := naming.LookAlike(key); like != naming.NoField {
		r.note(r.line(), fmt.Sprintf("the key %q is not read: %s", fault.Cut(plain.Name(key)), text))
	}
}
