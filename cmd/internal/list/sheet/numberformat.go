package sheet

import (
	"bytes"
	"regexp"
	"strconv"
)

// zeros is a number format by which Excel shows a number with leading zeros, 003456789 for 3456789,
// also where it has others for negative numbers and texts behind it. The file has the number without
// them, and a receipt's number has nine digits.
var zeros = regexp.MustCompile(`^(0{2,32})(?:;|$)`)

// numberFormats are how many digits at least the numbers of a style have, by the style's number
// (cellXfs, ECMA-376 part 1, 18.8.10). It is empty where none has a format of zeros.
type numberFormats []uint8

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

// plainNumber returns a number as a person would write it: without an exponent, and without the digits
// that binary fractions add: 1.23456789012E+15 is 1234567890120000, and 35000.199999999997 is 35000.2.
// An integer stays as it is.
func plainNumber(value []byte) []byte {
	if !isDigits(value) {
		if f, err := strconv.ParseFloat(string(value), 64); err == nil {
			return strconv.AppendFloat(nil, f, 'f', -1, 64)
		}
	}
	return value
}

// isDigits reports whether a number is of digits alone.
func isDigits(number []byte) bool { return len(bytes.Trim(number, "0123456789")) == 0 }
