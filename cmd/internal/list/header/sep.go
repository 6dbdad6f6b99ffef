package header

import (
	"regexp"
)

// sepPattern is the line by which Excel is told the separator, as it comes back
// from tools that took it for data, too.
var sepPattern = regexp.MustCompile(`(?i)^(?:\xEF\xBB\xBF)?"?sep=([,;\t|^])"?[,;\t|^ ]*[\r\n]`)

// SeparatorLine returns the separator that the first line names, and the number of
// that line, which is given. Both are 0 if it names none.
func SeparatorLine(head []byte, line int) (byte, int) {
	if found := sepPattern.FindSubmatch(head); found != nil {
		return found[1][0], line
	}
	return 0, 0
}
