package sheet

import (
	"bytes"
	"regexp"
	"strconv"
)

// zeros is a number format by which Excel shows a number with leading zeros, 003456789 for 3456789, also where
// it has others for negative numbers and texts behind it.
var zeros = regexp.MustCompile(`^(0{2,32})(?:;|$)`)

// numberFormats are how many digits at least the numbers of a style have, by the style's number. It is empty
// where none has a format of zeros.
type numberFormats []uint8

// readFormats reads the styles (ECMA-376 part 1, 18.8), which a workbook need not have.
func (b *workbook) readFormats() (formats numberFormats, err error) {
	if b.parts[b.styles] == nil {
		return nil, nil
	}
	var styles struct {
		Formats []struct {
			ID   string `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			ID string `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	err = b.unmarshal(b.styles, &styles)
	digits := make(map[string]uint8) // by the number of a format
	for _, format := range styles.Formats {
		if found := zeros.FindStringSubmatch(format.Code); found != nil {
			digits[format.ID] = uint8(len(found[1]))
		}
	}
	for _, cell := range styles.Cells {
		formats = append(formats, digits[cell.ID])
	}
	if len(digits) == 0 {
		formats = nil
	}
	return formats, err
}

// show returns a number as a cell of a style shows it: with leading zeros, if its format says so.
func (f numberFormats) show(number []byte, style string) []byte {
	if len(f) == 0 || style == "" {
		return number
	}
	i, err := strconv.Atoi(style)
	if err != nil || i < 0 || i >= len(f) || int(f[i]) <= len(number) || !isDigits(number) {
		return number
	}
	return append(bytes.Repeat([]byte("0"), int(f[i])-len(number)), number...)
}
