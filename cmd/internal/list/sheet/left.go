package sheet

import (
	"bufio"
	"bytes"
	"regexp"

	"receiptrevoker/cmd/internal/list/frame"
)

// maxLeftRows is how many rows of a sheet that is not read are looked at: at each opening it costs time.
const maxLeftRows = 10_000

// Left is a sheet that is not read, and holds payments.
type Left struct {
	Name string
	Rows int // with an imp_uid, or below a header that names it; of the first 10,000
}

// left returns the sheets that Excel shows beside the one that is read, and that hold payments. One that cannot be
// read is left out: nothing of it is asked for.
func (b *workbook) left(than sheetPart, read *Rows) (all []Left) {
	for _, s := range b.sheets {
		part := b.parts[s.part]
		if s == than || s.hidden || part == nil {
			continue
		}
		in, err := part.Open()
		if err != nil {
			continue
		}
		rows := &Rows{xml: newXMLReader(in), part: in, Name: s.name, texts: read.texts, formats: read.formats}
		if n := countPayments(rows); n > 0 {
			all = append(all, Left{s.name, n})
		}
		in.Close()
	}
	return all
}

var (
	impUID     = regexp.MustCompile(`(?i)\bimps?_[0-9]`)
	impUIDName = regexp.MustCompile(`(?i)\bimp[ _-]?uid\b|(?:포트원|아임포트)\s*거래(?:\s*고유)?\s*번호|거래\s*고유\s*번호`)
)

// countPayments counts the rows with an imp_uid, or with anything below a header that names it.
func countPayments(rows *Rows) (n int) {
	in, below := bufio.NewReaderSize(rows, frame.MaxRecord), false
	for range maxLeftRows {
		record, err := in.ReadSlice('\n')
		switch blank := len(bytes.Trim(record, " ,\"\n")) == 0; {
		case impUID.Match(record), below && !blank:
			n++
		case impUIDName.Match(record):
			below = true
		}
		if err != nil && err != bufio.ErrBufferFull {
			break
		}
	}
	return n
}
