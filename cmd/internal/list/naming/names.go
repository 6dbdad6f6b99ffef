// Package naming finds what the names of columns and keys mean.
package naming

import (
	"fmt"
	"regexp"
	"strings"

	"receiptrevoker/cmd/internal/list/plain"
)

// The names under which order systems export, the preferred ones first. 승인번호
// alone is the number of the payment's approval, not of its receipt.
var (
	ImpUIDNames = []string{
		"imp_uid", "impUid", "포트원 거래고유번호", "아임포트 거래고유번호", "거래고유번호", "포트원 거래번호", "아임포트 거래번호",
	}
	GatewayNames = []string{"pg", "pg_provider", "PG사", "결제대행사"}
	NumberNames  = []string{
		"apply_num", "applyNum", "현금영수증 승인번호", "국세청 승인번호", "영수증 승인번호", "승인번호(현금영수증)", "승인번호(국세청)",
	}
	TierNames = []string{"tier", "tier_code"} // PortOne's header of a call, and its field of a sub-merchant
)

// Likeness is how well a column's name matches a known one.
type Likeness int

const (
	written Likeness = iota + 1 // the same but for case and blanks
	Spelled                     // the same letters and digits: Imp-UID, 거래 고유번호
	Loose                       // with more around it: V1 포트원 거래번호(imp_uid)
)

// Find returns the column that has the first of names that any column has,
// -1 if there is none, and how well it matches; at worst as said. Better matches
// are looked for first.
func Find(header, names []string, worst Likeness) (found int, like Likeness, err error) {
	found, best := -1, 0
	for i, column := range header {
		rank, ok := rankOf(column, names, worst)
		switch {
		case !ok || found >= 0 && rank > best:
		case found < 0 || rank < best:
			found, best, like, err = i, rank, Likeness(rank/len(names)), nil
			worst = like
		case err == nil:
			err = fmt.Errorf("columns %d and %d are both named %q: rename one of them", found+1, i+1, names[rank%len(names)])
		}
	}
	return found, like, err
}

// rankOf returns how well a name matches the known ones, the less the better, and false if worse than is said.
func rankOf(name string, names []string, worst Likeness) (int, bool) {
	for like := written; like <= worst; like++ {
		for i, known := range names {
			if like.Matches(name, known) {
				return int(like)*len(names) + i, true
			}
		}
	}
	return 0, false
}

// Matches reports whether a column's name is as like a known one, or like it in a better way.
func (l Likeness) Matches(column, name string) bool {
	switch l {
	case written:
		return strings.EqualFold(plain.Name(column), plain.Name(name))
	case Spelled:
		squeezed := plain.Squeeze(column)
		return squeezed != "" && squeezed == plain.Squeeze(name)
	}
	if name == ImpUIDNames[0] && impUIDWord.MatchString(column) {
		return !strings.ContainsAny(column, plain.Separators) && !strings.Contains(strings.ToLower(column), "merchant")
	}
	return dressed(column, name)
}

// impUIDWord is the imp_uid's name with anything around it: without a column of imp_uids there is no list.
var impUIDWord = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_])imp[ _-]?uid(?:$|[^a-z0-9_])`)
