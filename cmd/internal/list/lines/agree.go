package lines

import (
	"cmp"
	"slices"
	"strings"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/tasks"
)

// fields are those of a payment: how an error calls them, and which of their values are sure. An
// imp_uid is sure if it is PortOne's, a gateway if it is known, the others unless they stand for no
// value.
var fields = [naming.FieldCount]struct {
	name string
	sure func(value string) bool
}{
	naming.ImpUIDField:  {"imp_uid", impuid.OfPortOne},
	naming.GatewayField: {"pg", func(name string) bool { return tasks.Gateway(name).Known() }},
	naming.NumberField:  {"apply_num", given},
	naming.TierField:    {"tier", given},
}

// given reports whether a value does not stand for none.
func given(value string) bool { return !tasks.StandsForNoValue(value) }

// agree makes the fields of a row that several columns or keys name the preferred of their values, of
// those that are sure before the others: as an imp_uid of PortOne goes before another number. One that
// stands for no value gives way. Two that are sure and differ are an error, with which the first is
// taken: nothing tells which of them is meant, and the wrong one revokes another receipt.
//
// From the columns PG사코드 kcp and PG사명 "NHN KCP" comes kcp; kcp and 나이스페이먼츠 are an error; an empty code
// and 토스페이먼츠 are tosspayments.
func agree(r *payment.Row, values *[naming.FieldCount][]string) (err error) {
	for of, named := range values {
		if len(named) < 2 {
			continue
		}
		found, or := "", named[0]
		if i := slices.IndexFunc(named, given); i >= 0 {
			or = named[i]
		}
		for _, value := range named {
			// A code and a name of the same gateway do not differ.
			if code, ok := tasks.ParseGateway(value); ok && naming.Field(of) == naming.GatewayField {
				value = string(code)
			}
			switch {
			case !fields[of].sure(value) || value == found:
			case found == "":
				found = value
			case err == nil:
				err = fault.Invalid("two values are named for %s, %q and %q",
					fields[of].name, fault.Cut(found), fault.Cut(value))
			}
		}
		*r.Value(naming.Field(of)) = cmp.Or(found, or)
	}
	return err
}

// whole returns a number without the fraction that a program adds to a column with empty cells, as
// pandas makes 242524332.0 of 242524332. With it no receipt would have that number.
func whole(number string) string {
	if text, ok := strings.CutSuffix(number, ".0"); ok && strings.Trim(text, "0123456789") == "" {
		return text
	}
	return number
}

// validateNumber returns an error that matches [tasks.ErrInvalid] if a receipt's number is the value of
// another column: the name of a gateway, or an imp_uid. A separator is missing in its line then, or
// keys were exchanged.
func validateNumber(number string) error {
	// No gateway's name begins with a digit, as nearly all numbers of receipts do: they cost one
	// comparison.
	if number == "" || number[0] <= '9' {
		return nil
	}
	if impuid.Begins(number) {
		return fault.Invalid("%q is an imp_uid, not an apply_num", fault.Cut(number))
	}
	if _, known := tasks.ParseGateway(number); known {
		return fault.Invalid("%q is a gateway, not an apply_num", fault.Cut(number))
	}
	return nil
}
