// Package naming finds what the names of columns and keys mean. It stands between two losses: a column
// whose name is not recognised is not read, so that any receipt of a payment is revoked; and a column
// that is taken for the receipt's number and is not makes workers end requests as reissued.
package naming

import (
	"cmp"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/plain"
)

// The names under which order systems export, the preferred ones first. 승인번호 alone is the number of the
// payment's approval, not of its receipt. Names of the same letters, such as "Imp-UID", and names with
// additions are found too, see [Likeness].
var (
	ImpUIDNames = []string{
		"imp_uid", "impUid", "포트원 거래고유번호", "아임포트 거래고유번호", "거래고유번호", "포트원 거래번호", "아임포트 거래번호",
	}
	GatewayNames = []string{"pg", "pg_provider", "PG사", "결제대행사"}
	NumberNames  = []string{
		"apply_num", "applyNum", "현금영수증 승인번호", "국세청 승인번호", "영수증 승인번호", "승인번호(현금영수증)", "승인번호(국세청)",
	}
	// PortOne's header of a call, and its field of a sub-merchant.
	TierNames = []string{"tier", "tier_code"}
)

// Likeness is how well a column's name matches a known one, the less the better. Where two columns may
// have the imp_uid, the one that is named better has it.
type Likeness int

const (
	written Likeness = iota + 1 // the same but for case and blanks
	Spelled                     // the same letters and digits: Imp-UID, 거래 고유번호
	Loose                       // with more around it: V1 포트원 거래번호(imp_uid)
)

// Find returns the column that has the first of names that any column has, -1 if there is none, and how
// well it matches; at worst as said. Better matches are looked for first.
//
// Likeness and place among the names are one rank: with the seven names of the imp_uid, impUid
// (written, 1) has 7·1 + 1 = 8, Imp-UID (spelled, 2) has 7·2 + 0 = 14, and the smaller one is found.
// Two columns of the same rank are an error, unless another column has a smaller one: nothing tells
// which is meant.
func Find(header, names []string, worst Likeness) (found int, like Likeness, err error) {
	found, best := -1, 0
	for i, column := range header {
		rank, ok := rankOf(column, names, worst)
		switch {
		case !ok || found >= 0 && rank > best:
		case found < 0 || rank < best:
			found, best, like, err = i, rank, Likeness(rank/len(names)), nil
			// A name that is less like a known one cannot be found any more, and is not compared.
			worst = like
		case err == nil:
			err = fmt.Errorf("columns %d and %d are both named %q: rename one of them", found+1, i+1, names[rank%len(names)])
		}
	}
	return found, like, err
}

// rankOf returns how well a name matches the known ones, the less the better, and false if worse than
// is said. A cell of more than 1,000 bytes is no name, but a memo that was taken for a header.
func rankOf(name string, names []string, worst Likeness) (int, bool) {
	if len(name) > maxName {
		return 0, false
	}
	column := formOf(name)
	for like := written; like <= worst; like++ {
		for i, known := range names {
			if like.matches(column, formOf(known)) {
				return int(like)*len(names) + i, true
			}
		}
	}
	return 0, false
}

// form is what of a name is compared: the name as it came, as it looks, see [plain.Name], and its
// letters and digits, see [plain.Squeeze].
type form struct{ text, plain, letters string }

// known are the forms of the known names, by the name. They are made once, since each of some twenty
// names is compared with each name of a column.
var known = func() map[string]form {
	forms := make(map[string]form)
	for _, names := range Names("") {
		for _, name := range names {
			forms[name] = form{name, plain.Name(name), plain.Squeeze(name)}
		}
	}
	return forms
}()

// formOf returns the form of a name.
func formOf(name string) form {
	if f, ok := known[name]; ok {
		return f
	}
	return form{name, plain.Name(name), plain.Squeeze(name)}
}

// matches reports whether a column's name is as like a known one, or like it in a better way: what is
// spelled alike is found as loose, too. So a caller tries the best first.
func (l Likeness) matches(column, name form) bool {
	switch {
	case l == written:
		return strings.EqualFold(column.plain, name.plain)
	case l == Spelled:
		return column.letters != "" && column.letters == name.letters
	// With a separator in it, it is a whole header that was read by another separator.
	// merchant_uid(imp_uid) is the order's.
	case name.text == ImpUIDNames[0] && impUIDWord.MatchString(column.text):
		text := strings.ToLower(column.text)
		return !strings.ContainsAny(text, plain.Separators) && !strings.Contains(text, "merchant")
	}
	return dressed(column, name.letters)
}

// impUIDWord is the imp_uid's name with anything around it: without a column of imp_uids there is no
// list, so this name is found where others would not be. old_imp_uid and imp_uids are other words.
var impUIDWord = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_])imp[ _-]?uid(?:$|[^a-z0-9_])`)

// Field is one of a payment that a column or a key of JSON may name.
type Field int

// The fields of a payment.
const (
	NoField      Field = iota // a column that is not read
	ImpUIDField               // the payment
	GatewayField              // its gateway
	NumberField               // the tax office's number of the receipt that is meant
	TierField                 // the sub-merchant's code
	// FieldCount is how many there are, with NoField: the length of arrays by field.
	FieldCount
)

// Names returns the names of each field, the preferred ones first. column is the imp_uid's, if it is
// said: then it is its only name.
func Names(column string) [FieldCount][]string {
	names := [FieldCount][]string{
		ImpUIDField: ImpUIDNames, GatewayField: GatewayNames, NumberField: NumberNames, TierField: TierNames,
	}
	if column != "" {
		names[ImpUIDField] = []string{column}
	}
	return names
}

// Columns are the columns of each field, from 0, the preferred first. A header may name a field several
// times, as with apply_num and 현금영수증 승인번호: their values are compared line by line.
type Columns [FieldCount][]int

// First returns the preferred column of a field, -1 if there is none.
func (c *Columns) First(of Field) int {
	if len(c[of]) == 0 {
		return -1
	}
	return c[of][0]
}

// Last returns the rightmost column of a field, -1 if there is none. A line that ends before it may
// lack a value.
func (c *Columns) Last(of Field) int { return slices.Max(append([]int{-1}, c[of]...)) }

// Locate finds the columns of each field by their names in the header: the one that is named best, and
// all with the letters of a name. What is only like a name, such as 이전 imp_uid, is another's where one
// has the name; but PG사코드 and PG사명 name the same gateway. If named is not empty, only that is the
// imp_uid's.
func Locate(header []string, named string, worst Likeness) (at Columns, err error) {
	// PortOne's own record: its apply_num is not the receipt's, so the column loses its name here. The
	// caller's header keeps it, for notes and reports.
	if OfPayment(slices.Values(header)) != "" {
		header = slices.Clone(header)
		for i, column := range header {
			if OfCard(column) {
				header[i] = ""
			}
		}
	}
	for of, names := range Names(named) {
		best, like, err := Find(header, names, worst)
		// Code and name of a gateway may differ in every letter, and mean one gateway. If a line's values do
		// not agree, that line is reported.
		same := like == Loose && Field(of) == GatewayField
		if err != nil && !same {
			return at, err
		}
		if best >= 0 {
			at[of] = []int{best}
		}
		for _, name := range names {
			for i, column := range header {
				if names := formOf(name); !slices.Contains(at[of], i) && (Spelled.matches(formOf(column), names) ||
					same && Loose.matches(formOf(column), names)) {
					at[of] = append(at[of], i)
				}
			}
		}
	}
	return at, nil
}

// OfCard reports whether a name is that of the card company's number where [OfPayment] knows the record: apply_num in
// any spelling, and not one that says whose number it is, such as 현금영수증 승인번호.
func OfCard(name string) bool { return Spelled.matches(formOf(name), formOf(NumberNames[0])) }

// OfPayment returns a name by which PortOne's own record of a payment is known, whose apply_num is the
// number by which the card company approved it, not the receipt's; "" if there is none. It is
// cash_receipt_issued (PaymentAnnotation of its specification), or what only such a record has beside
// another of its names: pg_tid and pay_method are a record, pg_tid or pg_provider alone may stand in
// any order's list. If it were not recognised, workers would compare a card's number with the
// receipt's, and end each request as reissued.
func OfPayment(names iter.Seq[string]) (name string) {
	found := 0
	for n := range names {
		// APPLY_NUM of a database and applyNum of a program are the same record.
		switch strings.ToLower(n) {
		case "cash_receipt_issued", "cashreceiptissued":
			return n
		case "pg_tid", "card_name", "card_code", "card_number", "card_quota",
			"pgtid", "cardname", "cardcode", "cardnumber", "cardquota":
			name = cmp.Or(name, n)
			found++
		case "pay_method", "pg_provider", "paymethod", "pgprovider":
			found++
		}
	}
	if found < 2 {
		return ""
	}
	return name
}

const (
	// maxKeys bounds how many keys are remembered: where keys are data, each object may have others.
	maxKeys = 1000
	// maxKey is how long a key may be to be remembered, or to name anything, in bytes.
	maxKey = 200
	// maxName is how long the name of a column may be, in bytes, with all that people write into the cell.
	maxName = 1000
)

// Fields finds what names mean, and remembers it: to find it anew for each line would take longer than
// all the rest.
type Fields struct {
	// Names are those of each field, the preferred ones first.
	Names [FieldCount][]string
	// worst is how little a key may be like a name: Loose, or Spelled where --column names the imp_uid's
	// key.
	worst Likeness
	known map[string]meaning

	// Unread is told of each key once that names no field; may be nil. Beyond maxKeys it is told of none.
	Unread func(key string)
}

// meaning is the field that a key names, and how well: the less the better. Exact names have the ranks
// from 0 on, others those of rankOf, which begin with the number of names.
type meaning struct {
	Field Field
	Rank  int
}

// NewFields returns the fields by their names. column is the imp_uid's, if it is said: an exact name
// leaves no room for additions, of any field.
func NewFields(column string) Fields {
	k := Fields{Names: Names(column), worst: Loose, known: make(map[string]meaning)}
	if column != "" {
		k.worst = Spelled
	}
	return k
}

// Meaning returns what a key names. The key is cloned to be remembered, since it may be a part of a
// record.
func (k *Fields) Meaning(key string) meaning {
	if m, ok := k.known[key]; ok {
		return m
	}
	m := k.find(key)
	if len(k.known) < maxKeys && len(key) <= maxKey {
		k.known[strings.Clone(key)] = m
		if m.Field == NoField && k.Unread != nil {
			k.Unread(key)
		}
	}
	return m
}

// find is Meaning for a key that is not known yet. A name as it is goes before the same in another
// case: of imp_uid and IMP_UID in one object the former is preferred.
func (k *Fields) find(key string) meaning {
	for of, names := range k.Names {
		if len(key) > maxKey {
			break
		}
		if i := slices.Index(names, key); i >= 0 {
			return meaning{Field(of), i}
		}
		if rank, ok := rankOf(key, names, k.worst); ok {
			return meaning{Field(of), rank}
		}
	}
	return meaning{}
}
