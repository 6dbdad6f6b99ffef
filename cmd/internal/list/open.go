package list

import (
	"fmt"
	"io"
	"strings"
)

// NewReader looks at the beginning of a list and finds out how to read it.
//
// The imp_uid stands in the column imp_uid, impUid, 포트원 거래고유번호, 아임포트
// 거래고유번호, 거래고유번호, 포트원 거래번호 or 아임포트 거래번호, the first of these that
// the header has; the gateway in pg, pg_provider, PG사 or 결제대행사; the number of the
// receipt that is meant, if only that one may be revoked, in apply_num, applyNum,
// 현금영수증 승인번호 or 국세청 승인번호; the code of the sub-merchant in tier or tier_code. Names match in any case, spacing, punctuation and Unicode form, and
// with additions, as in V1 포트원 거래번호(imp_uid), apply_num (선택) and 2. receipts.apply_num, but not with words that make
// them another's, as in 취소 apply_num. The header is searched in the
// first 30 rows, above the first payment. A list of nothing but imp_uids, one a line, needs
// no header. Keys of JSON are named as columns are.
//
// A list that is compressed with gzip or zstd is unpacked on the way. Of a workbook
// one sheet is read, each row as a line of its number; a workbook that cannot be
// sought in is kept in a temporary file.
//
// The error is [ErrEmpty], says what to do about a list that cannot be read,
// or comes from r.
func NewReader(r io.Reader, opts Options) (*Reader, error) {
	opts.Column, opts.Sheet = strings.TrimSpace(opts.Column), strings.TrimSpace(opts.Sheet)
	reader := &Reader{gateways: newGateways(opts.PG), tier: opts.Tier}
	if err := reader.begin(r, opts); err != nil {
		err = reader.ofSheet(err)
		reader.Close()
		return nil, err
	}
	return reader, nil
}

// ofSheet says of an error which sheet of a workbook it is about, if there are others.
func (r *Reader) ofSheet(err error) error {
	if r.rows == nil || len(r.rows.others) == 0 {
		return err
	}
	return fmt.Errorf("sheet %q: %w. It has other sheets, %s: choose one with --sheet NAME",
		cut(r.rows.name), err, strings.Join(r.rows.others, ", "))
}

// begin opens the list, and starts to read it.
func (r *Reader) begin(in io.Reader, opts Options) error {
	in, err := r.unwrap(in, opts)
	if err != nil {
		return err
	}
	text, encoding, err := open(in)
	if err != nil {
		return err
	}
	r.records, r.encoding = newFramer(text, 1, maxRecord), encoding
	if err := r.records.skipBlank(); err == io.EOF {
		return ErrEmpty
	} else if err != nil {
		return err
	}
	head, err := peek(r.records.in)
	if err != nil {
		return err
	}
	if err := foreignText(head); err != nil {
		return err
	}
	if r.encoding == "" {
		r.encoding = guess(head)
	}
	r.text.korean = r.encoding == eucKR
	return r.start(head, opts)
}

// start sets up the parser, having seen the head of the list.
func (r *Reader) start(head []byte, opts Options) error {
	if r.format != XLSX {
		r.format = textFormat(head, opts.Column)
		if opts.Sheet != "" {
			return fmt.Errorf("the list is written as %s, which has no sheets: leave out --sheet", r.format)
		}
	}
	switch r.format {
	case NDJSON:
		parser := newJSONParser(opts.Column, "line")
		parser.unread = r.noteKey
		r.parser = parser
	case JSON:
		parser := newJSONParser(opts.Column, "element")
		r.elements = newElements(r.records.in, r.records.line, parser.names, r.notePage)
		parser.unread, parser.inAnswer = r.noteKey, r.elements.inAnswer
		r.parser = parser
	default:
		return r.startCSV(head, opts.Column)
	}
	return nil
}

// notePage notes that an answer of PortOne holds one page of its list.
func (r *Reader) notePage(line, read, total int) {
	r.note(line, fmt.Sprintf("the answer of PortOne that begins here holds %d of %d: it is one page of several", read, total))
}

// Close frees what the reader keeps besides r, which may be a temporary file.
func (r *Reader) Close() error {
	if r.rows == nil || r.closed {
		return nil
	}
	r.closed = true
	return r.rows.Close()
}
