package tasks

import "strings"

// placeholders are the letters and digits of what programs and people write where there is
// no value: n/a, #N/A, (null), \N.
var placeholders = func() map[string]bool {
	words := make(map[string]bool)
	for _, word := range strings.Fields(`
		null n none nil nan undefined na notavailable notapplicable value ref name nul num div0 spill calc true false
		empty blank eof end tbd tba todo unknown imp imps
		없음 해당없음 해당사항없음 미정 미상 공란 빈칸 모름`) {
		words[word] = true
	}
	return words
}()

// maxPlaceholder is how many bytes are looked at: what is longer is no placeholder.
const maxPlaceholder = 64

// StandsForNoValue reports whether an imp_uid or a receipt's number says that there is none:
// by a word such as NULL, N/A or 없음, a negative number as of a failed search, or without
// any letter or digit but 0. It is true for "".
func StandsForNoValue(value string) bool {
	if len(value) > maxPlaceholder {
		return false
	}
	word := fold(value)
	return strings.Trim(word, "0") == "" || placeholders[word] || value == "-1"
}
