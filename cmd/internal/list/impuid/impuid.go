// Package impuid tells the imp_uids of PortOne from other values. PortOne's specification bounds only
// the length of an imp_uid, so that an order's number can be a valid one: what PortOne's look like,
// imp_448280090638, is known from those that exist.
package impuid

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/plain"
	"receiptrevoker/tasks"
)

// BareNumber is an imp_uid without imp_, 448280090638: those of PortOne have twelve or thirteen digits.
var BareNumber = regexp.MustCompile(`^[0-9]{12,13}$`)

// Ordinary reports whether an imp_uid looks like PortOne's, imp_448280090638. It costs a few
// comparisons, and nearly all lines pass: the slow searches for what is rare, with regular expressions
// and lists of words, are made in other lines alone.
func Ordinary(impUID string) bool {
	if len(impUID) < 5 || impUID[:3] != "imp" {
		return false
	}
	last := impUID[len(impUID)-1]
	return last >= '0' && last <= '9'
}

// secondImpUID is the beginning of an imp_uid or the name of its column behind another imp_uid, or
// right behind a letter or a digit of ASCII: imp_1,imp_2 in one cell, kcpimp_2 and 12imp_uid.
var secondImpUID = regexp.MustCompile(`(?i)(?:^imps?_.*|[a-z0-9])(?:imps?_|imp[ _-]?uid)`)

// Glued reports whether a text has the beginning of an imp_uid, or the name of its column, after
// something else: as where a file without a line end was put before another. PortOne's imp_uids
// continue with digits, so a second imp in an ordinary one is enough to look closer.
func Glued(text string) bool {
	return (!Ordinary(text) || strings.Contains(text[3:], "imp")) && secondImpUID.MatchString(text)
}

var (
	// anyImpUID is an imp_uid in any case, wherever it stands: 대상: IMP_448280090638.
	anyImpUID = regexp.MustCompile(`(?i)imps?_[0-9]`)
	// nextImpUID is one that begins right behind a letter or a digit of any script, as in 환불imp_4. Behind
	// a blank, a bracket, a slash or an underscore it is a mention: (imp_8), old_imp_8.
	nextImpUID = regexp.MustCompile(`[\pL\pN]imps?_[0-9]`)
)

// In reports whether a text holds an imp_uid as PortOne makes them, whatever is around it and in any
// case. It is for what must not be lost, such as a line above the header.
func In(text string) bool { return anyImpUID.MatchString(text) }

// Begins reports whether a text begins as an imp_uid of PortOne does.
func Begins(text string) bool {
	at := anyImpUID.FindStringIndex(text)
	return at != nil && at[0] == 0
}

// InOther returns an error if a cell has an imp_uid right after a letter or a digit: as where a line
// that ends in another cell has no line end. The imp_uid of the next line would be lost in that cell.
func InOther(columns []string) error {
	i := slices.IndexFunc(columns, nextImpUID.MatchString)
	if i < 0 {
		return nil
	}
	return fault.Invalid("%q has imp_ after other text: a line end is missing before it",
		fault.Cut(plain.Name(columns[i])))
}

// Validate returns an error that matches [tasks.ErrInvalid] unless impUID can be requested. It accepts
// other values than PortOne's, such as an order's number: [OfPortOne] tells those, and they are
// counted.
func Validate(impUID string) error {
	if !Ordinary(impUID) && impUID != "" && tasks.StandsForNoValue(impUID) {
		return fault.Invalid("imp_uid %q stands for no value", impUID)
	}
	// imp_448280090638imp_448280090639 has 32 characters, as many as an imp_uid may have: no other rule
	// would refuse it, and both receipts would be lost.
	if impUID != "" && Glued(impUID) {
		return fault.Invalid("%q has imp_ in its middle: a line end is missing between two imp_uids", fault.Cut(impUID))
	}
	// The prefix "invalid revocation" says nothing to those who wrote the list.
	if err := tasks.ValidateImpUID(impUID); err != nil {
		return fault.Invalid("%s", strings.TrimPrefix(err.Error(), tasks.ErrInvalid.Error()+": "))
	}
	// No gateway's name begins with a digit. kcp alone would be a valid imp_uid: a value of the next
	// column that took this one's place.
	if OfPortOne(impUID) || impUID[0] <= '9' {
		return nil
	}
	if _, known := tasks.ParseGateway(impUID); known {
		return fault.Invalid("%q stands in the imp_uid's place, and is the name of a gateway", impUID)
	}
	return nil
}

// MayBeTwo reports whether a record may hold two imp_uids: whether it has imp twice. It is all that
// most records are searched for.
func MayBeTwo(record []byte) bool {
	mark := []byte("imp")
	first := bytes.Index(record, mark)
	return first >= 0 && bytes.Contains(record[first+len(mark):], mark)
}

// Is reports whether value is data rather than a column's name: an imp_uid as PortOne makes them. The
// digit tells imp_1234 from imp_id and imp_uid.
func Is(value string) bool {
	value = plain.Value(value)
	return tasks.ValidateImpUID(value) == nil && strings.ContainsAny(value, "0123456789") && OfPortOne(value)
}

// Other returns the first imp_uid of a cell that holds nothing but imp_uids, and is not the one given;
// "" if there is none. A sentence that mentions one, such as "see imp_100000000002", requests nothing.
func Other(cell, than string) string {
	all := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;| \n", r) })
	if slices.ContainsFunc(all, func(value string) bool { return !Is(value) }) {
		return ""
	}
	if i := slices.IndexFunc(all, func(value string) bool { return value != than }); i >= 0 {
		return all[i]
	}
	return ""
}

// MayBe reports whether a cell that a quoted cell would swallow is the imp_uid of a row that is to be
// read or reported: also (imp_2) and a bare number, which people write.
func MayBe(cell string) bool {
	return Is(cell) || In(cell) || BareNumber.MatchString(plain.Value(cell))
}

// Odd reports whether an imp_uid begins as those of PortOne do, and does not continue with 10 to 13
// digits: as where a gateway's code is glued to it, imp_448280090638kcp, or an amount,
// imp_4482800906381000, or where it is cut. Such an imp_uid is warned of, and refused in a short line.
func Odd(impUID string) bool {
	_, number, _ := strings.Cut(impUID, "_")
	for i := range len(number) {
		if number[i] < '0' || number[i] > '9' {
			return OfPortOne(impUID)
		}
	}
	return (len(number) < 10 || len(number) > 13) && OfPortOne(impUID)
}

// OfPortOne reports whether an imp_uid begins as those of PortOne do, with imp_ or imps_. `bulk`,
// `enqueue` and `dead` warn of others, and refuse none.
func OfPortOne(impUID string) bool {
	return strings.HasPrefix(impUID, "imp_") || strings.HasPrefix(impUID, "imps_")
}
