package sheet

import (
	"bufio"
	"bytes"
	"io"
	"regexp"

	"receiptrevoker/cmd/internal/list/frame"
)

// maxLeftRows is how many rows of a sheet that is not read are looked at: at each opening it costs time.
const maxLeftRows = 10_000

var (
	impUID     = regexp.MustCompile(`(?i)\bimps?_[0-9]`)
	impUIDName = regexp.MustCompile(`(?i)\bimp[ _-]?uid\b|(?:포트원|아임포트)\s*거래(?:\s*고유)?\s*번호|거래\s*고유\s*번호`)
)

// countPayments counts the rows with an imp_uid, or with anything below a header that names it.
func countPayments(rows io.Reader) (n int) {
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
