package tasks

import "strings"

// BareApplyNum returns the number of a receipt by which it is compared: without the zeros
// that it begins with, if it is of digits alone. Excel strips those from a cell that it takes
// for a number. Any other number, and one of zeros alone, is returned as it is.
func BareApplyNum(number string) string {
	bare := strings.TrimLeft(number, "0")
	if bare == "" || strings.Trim(bare, "0123456789") != "" {
		return number
	}
	return bare
}
