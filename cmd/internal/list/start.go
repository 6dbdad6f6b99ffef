package list

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/jsontext"
	"receiptrevoker/cmd/internal/list/lines"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
)

// errAbove is the reason of a line above the header that may be a payment. A note alone would leave the
// exit code 0 for a list of which one receipt is not revoked.
var errAbove = errors.New("it stands above the header and looks like a payment, which is not read")

// skipTo reads up to a record on a line, and notes what stands above it. What looks like a payment
// there is to be reported as a line that cannot be used.
func (r *Reader) skipTo(p *lines.CSV, line, sepLine int) (*frame.Record, error) {
	for {
		record, err := r.next()
		// The header itself cannot be read, and without it no line below: that ends the list.
		if record.Line >= line && frame.Unusable(err) {
			err = fmt.Errorf("line %d: %w", record.Line, err)
		}
		if err != nil && !frame.Unusable(err) || record.Line >= line {
			return record, err
		}
		text := fault.Cut(plain.Name(string(record.Text)))
		switch {
		case record.Line == sepLine:
			r.note(sepLine, fmt.Sprintf("%q says what separates the columns: it is not part of the list", text))
		case p.LooksLikePayment(record):
			r.above = append(r.above, payment.NewLineError(Row{Line: record.Line}, record.Text, errAbove))
		case strings.Trim(text, plain.Unfilled) != "":
			r.note(record.Line, fmt.Sprintf("above the header, not read: %q", text))
		}
	}
}

// startCSV finds the header and sets up the parser for what follows it, for a CSV and for a workbook.
func (r *Reader) startCSV(search header.Search) error {
	at, err := search.Find()
	if err != nil {
		return err
	}
	p := lines.NewCSV(at, r.opts.Column, r.rows != nil)
	r.parser = p
	if r.lines != nil {
		r.lines.Use(search.Text, at.Comma)
	}
	if at.Line > 0 {
		err = r.useHeader(p, at, search.SeparatorLine())
	} else if first, wrong := r.skipTo(p, at.First, search.SeparatorLine()); wrong == nil {
		// A list without a header begins with a payment, which was read to get past the lines above.
		r.held = first
	} else {
		err = wrong
	}
	// Until here a cell in quotes reached no further than the head. From here on it may reach 1 MiB, and
	// IsRow says where it would swallow a row of the list.
	if r.lines != nil {
		r.lines.IsRow = p.IsRow
	}
	return err
}

// useHeader reads up to the header and over it, and notes what a person has to know of it.
func (r *Reader) useHeader(p *lines.CSV, at *header.Header, sepLine int) error {
	if err := r.skipHeader(p, at, sepLine); err != nil {
		return err
	}
	r.header, r.columns = at.Columns, max(len(at.Columns), at.Unnamed())
	// Values without a name may have come there by a separator without quotes: a person can tell. No cell
	// of a sheet moves, so there it says nothing.
	if n := at.Unnamed(); n > 0 && !p.Sheet {
		r.note(at.Line, fmt.Sprintf("the header has %d columns, the lines have %d: what has no name is not read",
			len(at.Columns), n))
	}
	// A line that ends before these columns is refused where most lines do not, see package lines. Where
	// most do, this note is all that tells a person.
	if p.MovesReceipt && p.Least <= max(p.First(naming.NumberField), p.First(naming.TierField)) && !p.Sheet {
		r.note(at.Line, "most lines end before the column of apply_num or tier: they name none")
	}
	r.noteUnread(p, at)
	name := func(of naming.Field) string { return plain.Cell(at.Names, p.First(of)) }
	r.layout.HeaderLine, r.layout.ImpUID, r.layout.PG = at.Line, name(naming.ImpUIDField), name(naming.GatewayField)
	r.layout.ApplyNum, r.layout.Tier = name(naming.NumberField), name(naming.TierField)
	if !p.Sheet {
		r.layout.Separator = plain.SeparatorNames[at.Comma]
	}
	return nil
}

// skipHeader reads up to a header and over it, and notes where it has several rows: the first one read
// is then a title above the names, or the last one a unit below them.
func (r *Reader) skipHeader(p *lines.CSV, at *header.Header, sepLine int) error {
	for _, line := range at.Lines {
		if _, err := r.skipTo(p, line, sepLine); err != nil {
			return err
		}
	}
	if first, last := at.Lines[0], at.Lines[len(at.Lines)-1]; first < last {
		r.note(first, fmt.Sprintf("the header has several rows, lines %d to %d: they are read together", first, last))
	}
	return nil
}

// noteUnread notes the columns that may say which receipt is meant, whose, or on which gateway it is,
// and are not read. Lost without a note, an apply_num would leave the choice to PortOne, which revokes
// whichever receipt the payment has.
func (r *Reader) noteUnread(p *lines.CSV, at *header.Header) {
	reads := p.Reads()
	for i, name := range at.Names {
		like, text := naming.LookAlike(name)
		// A column with any name, such as 채널, is a gateway's if its values are.
		if like == naming.NoField && slices.Contains(at.Gateways, i) {
			like, text = naming.GatewayField, "its values are gateways; if it names the gateway, name it pg"
		}
		if like == naming.NoField || slices.Contains(reads, i) {
			continue
		}
		// PortOne's record of a payment has an apply_num too: the card company's.
		if of := naming.OfPayment(slices.Values(at.Names)); of != "" && like == naming.NumberField {
			text = fmt.Sprintf("beside %q it is the card company's number; if it is the receipt's, name it 현금영수증 승인번호", of)
		}
		// Where no column is read as the number and this one holds numbers, a note is not enough: Unread
		// makes the list doubtful, and a person is asked.
		if read := p.First(like); read < 0 && slices.Contains(at.Numbers, i) && naming.MayBeNumber(name) {
			r.suspects.Unread = cmp.Or(r.suspects.Unread, plain.Name(name))
		} else if read >= 0 {
			text = fmt.Sprintf("column %d is, %q", read+1, fault.Cut(plain.Name(at.Names[read])))
		}
		r.note(at.Line, fmt.Sprintf("column %d, %q, is not read: %s", i+1, fault.Cut(plain.Name(name)), text))
	}
}

// noteKey does for a key of JSON what noteUnread does for a column. It is called once for each key, see
// [naming.Fields].
func (r *Reader) noteKey(line int, key string) {
	if like, text := naming.LookAlike(key); like != naming.NoField {
		r.note(line, fmt.Sprintf("the key %q is not read: %s", fault.Cut(plain.Name(key)), text))
		if like == naming.NumberField && naming.MayBeNumber(key) {
			r.suspects.Unread = cmp.Or(r.suspects.Unread, plain.Name(key))
		}
	}
}

// textFormat returns how a text that begins with head is written. NDJSON has its first object on one
// line; a broken first line is no reason to take the rest of an NDJSON for something else. What begins
// with neither a brace nor an array is a CSV, also if it holds JSON further down.
func textFormat(head []byte, column string) Format {
	text := bytes.TrimLeft(head, plain.Blanks)
	switch {
	case startsArray(text):
		return JSON
	case !bytes.HasPrefix(text, []byte("{")):
		return CSV
	}
	first, _, more := bytes.Cut(text, []byte("\n"))
	first = bytes.Trim(first, plain.Blanks)
	// An answer of PortOne with 5,000 payments is one line of more than 64 KiB. It is no valid JSON as far
	// as it was looked at, and its list is seen all the same.
	cut, keys := !more && len(head) == decode.HeadSize, lines.NewJSON(column, "")
	switch valid := json.Valid(first); {
	case (valid || cut) && jsontext.HoldsList(first, keys.Names, keys.Reads):
		return JSON
	case valid, !more:
		return NDJSON
	}
	return multiline(text, first)
}

// startsArray reports whether text begins an array, rather than a title such as [2026-11] above a CSV.
// An element that begins with a brace, a bracket or a quotation mark is proof enough, since titles have
// none of these there.
func startsArray(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte("["))
	if !ok {
		return false
	}
	switch b := plain.FirstByte(rest); {
	case b == 0:
		return false
	case bytes.IndexByte([]byte(`{["]`), b) >= 0:
		return true
	case bytes.IndexByte([]byte("-0123456789ntf"), b) >= 0:
		return startsWithWords(text)
	}
	return false
}

// startsWithWords reports whether text begins an array whose first elements are numbers or words such
// as null, as in [null,448280090638,{"imp_uid":…}]. [2026] above a CSV is none: it ends, and something
// else than an array follows.
func startsWithWords(text []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	for i := 0; ; i++ {
		token, err := decoder.Token()
		switch token := token.(type) {
		case string:
			return true
		case json.Delim:
			if token == ']' {
				rest := bytes.TrimLeft(text[decoder.InputOffset():], plain.Blanks)
				return len(rest) == 0 || startsArray(rest)
			}
			if i > 0 {
				return true
			}
		}
		if err != nil {
			return err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)
		}
	}
}

// multiline returns the format of a text whose first line, of several, is no valid JSON by itself: JSON
// if a whole value begins there that continues on the next lines, else NDJSON with a broken first line.
func multiline(text, first []byte) Format {
	if len(first) == 1 {
		// A brace alone: the object continues.
		return JSON
	}
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(text)).Decode(&value)
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		return JSON
	}
	return NDJSON
}
