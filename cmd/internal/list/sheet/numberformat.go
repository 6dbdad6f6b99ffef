package sheet

import (
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxStyles bounds how many formats of cells are remembered, as Excel does.
const maxStyles = 1 << 16

// zeros is a number format by which Excel shows a number with leading zeros, 003456789 for 3456789, also where
// it has others for negative numbers and texts behind it.
var zeros = regexp.MustCompile(`^(0{2,32})(?:;|$)`)

// numberFormats are how many digits at least the numbers of a style have, by the style's number. It is empty
// where none has a format of zeros.
type numberFormats []uint8

// readFormats reads the styles (ECMA-376 part 1, 18.8).
func readFormats(in *xmlReader) (numberFormats, error) {
	digits := make(map[string]uint8) // by the number of a format
	var formats numberFormats
	inCells := false
	for {
		token, err := in.next()
		if err == io.EOF {
			if !slices.ContainsFunc(formats, func(n uint8) bool { return n > 0 }) {
				formats = nil
			}
			return formats, nil
		}
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch {
			case e.Name.Local == "numFmt" && len(digits) < maxStyles:
				if found := zeros.FindStringSubmatch(attribute(e, "formatCode")); found != nil {
					digits[attribute(e, "numFmtId")] = uint8(len(found[1]))
				}
			case e.Name.Local == "cellXfs":
				inCells = true
			case e.Name.Local == "xf" && inCells && len(formats) < maxStyles:
				formats = append(formats, digits[attribute(e, "numFmtId")])
			}
		case xml.EndElement:
			inCells = inCells && e.Name.Local != "cellXfs"
		}
	}
}

// show returns a number as a cell of a style shows it: with leading zeros, if its format says so.
func (f numberFormats) show(number []byte, style string) []byte {
	if len(f) == 0 || style == "" {
		return number
	}
	i, err := strconv.Atoi(style)
	if err != nil || i < 0 || i >= len(f) || int(f[i]) <= len(number) {
		return number
	}
	for _, b := range number {
		if b < '0' || b > '9' {
			return number
		}
	}
	return append([]byte(strings.Repeat("0", int(f[i])-len(number))), number...)
}
