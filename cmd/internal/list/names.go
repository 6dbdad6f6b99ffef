package list

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The names under which order systems export, the preferred ones first. 승인번호
// alone is the number of the payment's approval, not of its receipt.
var (
	impUIDNames = []string{
		"imp_uid", "impUid", "포트원 거래고유번호", "아임포트 거래고유번호", "거래고유번호", "포트원 거래번호", "아임포트 거래번호",
	}
	gatewayNames = []string{"pg", "pg_provider", "PG사", "결제대행사"}
	numberNames  = []string{
		"apply_num", "applyNum", "현금영수증 승인번호", "국세청 승인번호", "영수증 승인번호", "승인번호(현금영수증)", "승인번호(국세청)",
	}
	tierNames = []string{"tier", "tier_code"} // PortOne's header of a call, and its field of a sub-merchant
)

// likeness is how well a column's name matches a known one.
type likeness int

const (
	written likeness = iota + 1 // the same but for case and blanks
	spelled                     // the same letters and digits: Imp-UID, 거래 고유번호
	loose                       // with more around it: V1 포트원 거래번호(imp_uid)
)

// find returns the column that bears the first of names that any column bears,
// -1 if there is none, and how well it matches; at worst as said. Better matches
// are looked for first.
func find(header, names []string, worst likeness) (int, likeness, error) {
	for like := written; like <= worst; like++ {
		for _, name := range names {
			found := -1
			for i, column := range header {
				if !like.matches(column, name) {
					continue
				}
				if found >= 0 {
					return found, like, fmt.Errorf("columns %d and %d are both named %q: rename one of them", found+1, i+1, name)
				}
				found = i
			}
			if found >= 0 {
				return found, like, nil
			}
		}
	}
	return -1, 0, nil
}

func (l likeness) matches(column, name string) bool {
	switch l {
	case written:
		return strings.EqualFold(tidy(column), tidy(name))
	case spelled:
		squeezed := squeeze(column)
		return squeezed != "" && squeezed == squeeze(name)
	}
	if name == impUIDNames[0] && impUIDWord.MatchString(column) {
		return !strings.ContainsAny(column, separators) && !strings.Contains(strings.ToLower(column), "merchant")
	}
	return dressed(column, name)
}

// impUIDWord is the imp_uid's name with anything around it: without a column of imp_uids there is no list.
var impUIDWord = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_])imp[ _-]?uid(?:$|[^a-z0-9_])`)

// tidy returns a name as it looks: composed (NFC), with single blanks, and
// without characters that nobody sees.
func tidy(name string) string {
	return norm.NFC.String(strings.Join(strings.FieldsFunc(name, invisible), " "))
}

// squeeze returns the letters and digits of a name, in lower case; none of what
// is several names, split by another separator than the list's.
func squeeze(name string) string {
	if len(name) > 200 || strings.ContainsAny(name, "\t;|^") {
		return ""
	}
	return lettersAndDigits(name)
}

// lettersAndDigits returns those of a text, in lower case and composed (NFKC).
func lettersAndDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(text))
}
