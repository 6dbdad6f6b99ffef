package list

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"receiptrevoker/cmd/internal/list/decode"
	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/foreign"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/jsontext"
	"receiptrevoker/cmd/internal/list/lines"
	"receiptrevoker/cmd/internal/list/sheet"
	"receiptrevoker/cmd/internal/list/unpack"
)

// NewReader looks at the beginning of a list and finds out how to read it.
//
// The imp_uid stands in the column imp_uid, impUid, 포트원 거래고유번호, 아임포트 거래고유번호, 거래고유번호, 포트원 거래번호 or
// 아임포트 거래번호, the first of these that the header has; the gateway in pg, pg_provider, PG사 or 결제대행사;
// the number of the receipt that is meant, if only that one may be revoked, in apply_num, applyNum,
// 현금영수증 승인번호 or 국세청 승인번호; the code of the sub-merchant in tier or tier_code. Names match in any
// case, spacing, punctuation and Unicode form, and with additions, as in V1 포트원 거래번호(imp_uid),
// apply_num (선택) and 2. receipts.apply_num, but not with words that make them another's, as in 취소
// apply_num. The header is searched in the first 30 rows, above the first payment. A list of
// nothing but imp_uids, one a line, needs no header. Keys of JSON are named as columns are.
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
	if r.rows == nil || len(r.rows.Others) == 0 {
		return err
	}
	return fmt.Errorf("sheet %q: %w. It has other sheets, %s: choose one with --sheet NAME",
		fault.Cut(r.rows.Name), err, strings.Join(r.rows.Others, ", "))
}

// begin opens the list, and starts to read it.
func (r *Reader) begin(in io.Reader, opts Options) error {
	in, err := r.unwrap(in, opts)
	if err != nil {
		return err
	}
	text, encoding, err := decode.Open(in)
	if err != nil {
		return err
	}
	r.records, r.encoding = frame.NewReader(text, 1, frame.MaxRecord), encoding
	if err := r.records.SkipBlank(); err == io.EOF {
		return ErrEmpty
	} else if err != nil {
		return err
	}
	head, err := decode.Peek(r.records.In)
	if err != nil {
		return err
	}
	if err := foreign.Text(head); err != nil {
		return err
	}
	if r.encoding == "" {
		r.encoding = decode.Guess(head)
	}
	r.text.Korean = r.encoding == decode.EUCKR
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
		parser := lines.NewJSON(opts.Column, "line")
		parser.Unread = r.noteKey
		r.parser = parser
	case JSON:
		parser := lines.NewJSON(opts.Column, "element")
		r.elements = jsontext.New(r.records.In, r.records.Line, parser.Names, r.notePage)
		parser.Unread, parser.InAnswer = r.noteKey, r.elements.InAnswer
		r.parser = parser
	default:
		return r.startCSV(head, opts.Column)
	}
	return nil
}

// notePage notes that an answer of PortOne holds one page of its list.
func (r *Reader) notePage(line, read, total int) {
	r.note(line, fmt.Sprintf("the answer of PortOne that begins here holds %d of %d: it is one page of several",
		read, total))
}

// Close frees what the reader keeps besides r, which may be a temporary file.
func (r *Reader) Close() error {
	if r.rows == nil || r.closed {
		return nil
	}
	r.closed = true
	return r.rows.Close()
}

// unwrap returns the text of a list: unpacked, if it is compressed, and if it is a
// workbook, its rows as a CSV.
func (r *Reader) unwrap(list io.Reader, opts Options) (_ io.Reader, err error) {
	in := bufio.NewReader(list)
	if r.unpacking, err = unpack.Open(in); err != nil {
		return nil, err
	}
	if r.unpacking != nil {
		in = bufio.NewReader(r.unpacking)
	}
	head, err := in.Peek(foreign.HeadSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte(foreign.CompoundMagic)) {
		return nil, foreign.Compound(in)
	}
	if !sheet.IsArchive(head) {
		return in, foreign.File(head)
	}
	if r.unpacking != nil {
		list = in // what is unpacked cannot be sought in
	}
	if r.rows, err = sheet.Open(list, in, opts.Sheet); err != nil {
		return nil, err
	}
	r.format, r.suspects.OtherSheets = XLSX, r.rows.Left
	return r.rows, nil
}
