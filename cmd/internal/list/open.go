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
	"receiptrevoker/cmd/internal/list/header"
	"receiptrevoker/cmd/internal/list/jsontext"
	"receiptrevoker/cmd/internal/list/lines"
	"receiptrevoker/cmd/internal/list/sheet"
	"receiptrevoker/cmd/internal/list/unpack"
)

// NewReader looks at the beginning of a list and finds out how to read it. It waits for 64 KiB of a
// text, or for its end: a pipe that writes less and stays open keeps it waiting.
//
// The imp_uid stands in the column imp_uid, impUid, 포트원 거래고유번호, 아임포트 거래고유번호, 거래고유번호, 포트원 거래번호 or 아임포트
// 거래번호, the first of these that the header has; the gateway in pg, pg_provider, PG사 or 결제대행사; the
// number of the receipt that is meant, if only that one may be revoked, in apply_num, applyNum, 현금영수증
// 승인번호 or 국세청 승인번호; the code of the sub-merchant in tier or tier_code. Names match in any case,
// spacing, punctuation and Unicode form, and with additions, as in V1 포트원 거래번호(imp_uid), apply_num (선택)
// and 2. receipts.apply_num, but not with words that make them another's, as in 취소 apply_num. The
// header is searched in the first 30 rows, above the first payment. A list of nothing but imp_uids, one
// a line, needs no header. Keys of JSON are named as columns are.
//
// A list that is compressed with gzip or zstd is unpacked on the way. Of a workbook one sheet is read,
// each row as a line of its number; a workbook that cannot be sought in is kept in a temporary file,
// which [Reader.Close] removes. r must not be read or closed by others before that.
//
// The error is [ErrEmpty], says what to do about a list that cannot be read, or comes from r.
func NewReader(r io.Reader, opts Options) (*Reader, error) {
	opts.Column, opts.Sheet = strings.TrimSpace(opts.Column), strings.TrimSpace(opts.Sheet)
	reader := &Reader{gateways: newGateways(opts.PG), opts: opts}
	if err := reader.begin(r); err != nil {
		err = reader.ofSheet(err)
		reader.Close()
		return nil, err
	}
	return reader, nil
}

// ofSheet says of an error which sheet of a workbook it is about, if there are others: the list may
// stand on one of those, behind a sheet of instructions.
func (r *Reader) ofSheet(err error) error {
	if r.rows == nil || len(r.rows.Others) == 0 {
		return err
	}
	return fmt.Errorf("sheet %q: %w. It has other sheets, %s: choose one with --sheet NAME",
		fault.Cut(r.rows.Name), err, strings.Join(r.rows.Others, ", "))
}

// begin opens the list, and starts to read it.
func (r *Reader) begin(in io.Reader) error {
	in, err := r.unwrap(in)
	if err != nil {
		return err
	}
	if r.rows != nil {
		return r.startSheet()
	}
	// What is left is a text. UTF-16 has to be decoded first: its bytes look like those of a program.
	text, encoding, err := decode.Open(in)
	if err != nil {
		return err
	}
	r.lines = frame.NewReader(text, 1, frame.MaxRecord)
	r.records = r.lines
	// All further decisions look at the 64 KiB from the first line on that holds something: 100,000 empty
	// lines above it make no difference.
	if err := r.lines.SkipBlank(); err == io.EOF {
		return ErrEmpty
	} else if err != nil {
		return err
	}
	head, err := decode.Peek(r.lines.In)
	if err != nil {
		return err
	}
	// HTML and the like are recognised only here, since they may be in UTF-16 or begin with a mark.
	if err := foreign.Text(head); err != nil {
		return err
	}
	r.layout.Encoding = encoding
	if encoding == "" {
		r.layout.Encoding = decode.Guess(head)
	}
	return r.start(head)
}

// start sets up the parser of a text, having seen its head of at most 64 KiB.
func (r *Reader) start(head []byte) error {
	r.layout.Format = textFormat(head, r.opts.Column)
	if r.opts.Sheet != "" {
		return fmt.Errorf("the list is written as %s, which has no sheets: leave out --sheet", r.layout.Format)
	}
	text := decode.Decoder{Korean: r.layout.Encoding == decode.EUCKR}
	switch r.layout.Format {
	// Each line is an object, in which a quotation mark says nothing about line ends: 0 as the separator
	// makes every line a record, so that a broken line costs itself alone.
	case NDJSON:
		parser, at := lines.NewJSON(r.opts.Column, "line"), r.lines.At
		parser.Unread = func(key string) { r.noteKey(at(), key) }
		r.parser = parser
		r.lines.Use(text, 0)
	case JSON:
		// Elements may span lines or share one, so that they are cut by brackets, not by line ends. Pages and
		// elements are told from each other by the keys that the parser reads.
		parser := lines.NewJSON(r.opts.Column, "element")
		elements := jsontext.New(r.lines.In, r.lines.Line)
		elements.Text, elements.Names, elements.Reads, elements.Partial = text, parser.Names, parser.Reads, r.notePage
		parser.Unread = func(key string) { r.noteKey(elements.At(), key) }
		parser.InAnswer = elements.InAnswer
		r.parser, r.records, r.lines = parser, elements, nil
	default:
		// The reader of lines learns the separator from the header.
		search := header.Search{Head: head, Line: r.lines.Line, Text: text, Named: r.opts.Column}
		return r.startCSV(search)
	}
	return nil
}

// startSheet sets up the parser of a workbook, having seen its first rows: as many as of a text, and of
// about as many bytes.
func (r *Reader) startSheet() error {
	r.records, r.layout.Encoding = r.rows, decode.UTF8
	first, err := r.rows.Ahead(header.MaxRows, decode.HeadSize)
	if err != nil {
		return err
	}
	if len(first) == 0 {
		return ErrEmpty
	}
	return r.startCSV(header.Search{Rows: first, Named: r.opts.Column})
}

// notePage notes that an answer of PortOne holds one page of its list. Its other pages are other
// answers, which a person may have forgotten to fetch: the receipts on them would not be revoked.
func (r *Reader) notePage(line, read, total int) {
	r.note(line, fmt.Sprintf("the list that begins here holds %d of %d: it is one page of several",
		read, total))
}

// Close frees what the reader keeps besides r, which may be a temporary file. It does not close r. A
// second call does nothing.
func (r *Reader) Close() error {
	if r.rows == nil || r.closed {
		return nil
	}
	r.closed = true
	return r.rows.Close()
}

// unwrap returns the text of a list: unpacked, if it is compressed. If the list is a workbook, it opens
// its rows and returns nil.
func (r *Reader) unwrap(list io.Reader) (_ io.Reader, err error) {
	in := bufio.NewReader(list)
	if r.unpacking, err = unpack.Open(in); err != nil {
		return nil, err
	}
	if r.unpacking != nil {
		in = bufio.NewReader(r.unpacking)
		// sheet.Open must not find the compressed file behind the reader, and seek in that.
		list = in
		r.layout.Compression = r.unpacking.With
	}
	head, err := in.Peek(foreign.HeadSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	// A workbook with a password and an old .xls begin alike. Which it is stands anywhere in the file, so
	// that it is read to its end.
	if bytes.HasPrefix(head, []byte(foreign.CompoundMagic)) {
		return nil, foreign.Compound(in)
	}
	if !sheet.IsArchive(head) {
		return in, foreign.File(head)
	}
	if r.rows, err = sheet.Open(list, in, r.opts.Sheet); err != nil {
		return nil, err
	}
	r.layout.Format, r.layout.Sheet, r.layout.Sheets = XLSX, r.rows.Name, r.rows.Sheets
	r.suspects.OtherSheets = r.rows.Left
	return nil, nil
}
