package sheet

import (
	"strconv"
	"strings"
)

// rowOf returns the row, from 1, that a reference such as AB12 names, 0 if it names none.
func rowOf(reference string) int32 {
	row, _ := strconv.ParseInt(strings.TrimLeft(strings.ToUpper(reference), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 10, 32)
	return int32(row)
}

// The size of a sheet, ECMA-376 as Excel holds it.
const (
	maxSheetRows    = 1 << 20
	maxSheetColumns = 1 << 14
)

// columnOf returns the column, from 1, that a reference such as AB12 names, 0 if
// it names none.
func columnOf(reference string) int {
	column := 0
	for _, letter := range []byte(reference) {
		if letter |= 0x20; letter < 'a' || letter > 'z' || column > maxSheetColumns {
			break
		}
		column = column*26 + int(letter-'a') + 1
	}
	return column
}
