package monitor

import (
	"strings"
	"time"

	"receiptrevoker/tasks/outcome"
)

// detail is one field of an outcome, as the page shows it: label, field, value, code.
type detail struct {
	// Field is its name in Redis, in --json and in reports, by which people ask each other
	// about it.
	Field string
	// Label is what people call the field, in the language of the page.
	Label string
	// Value is what people call the value, such as 조회 결과 이미 취소됨.
	Value string
	// Code is how a program calls the value, such as already_revoked, if people call it
	// something else. Commands take the code.
	Code string
	// Link is the address to which the value leads, of a receipt's URL alone.
	Link string
	// At is the value, if that is a time, for the machine-readable part of the page.
	At time.Time
}

// details returns the fields of an outcome that are not empty, in the order of
// [outcome.Fields] and in the language. A field that is added there is shown here without a
// change; a test then asks for its word.
func (t tongue) details(o outcome.Outcome) []detail {
	var all []detail
	values := o.Values()
	for i, field := range outcome.Fields() {
		// A cancelled request keeps its next_attempt_at, and no DELETE follows: shown, it
		// would look as if the cancelling had failed.
		if values[i] != "" && !(o.Withdrawn && field == "next_attempt_at") {
			all = append(all, t.detail(o, field, values[i]))
		}
	}
	return all
}

// detail returns one field with its value in the language. Values that need no words are
// shown as they are.
func (t tongue) detail(o outcome.Outcome, field, value string) detail {
	d := detail{Field: field, Label: t.word("field " + field), Value: value}
	switch field {
	case "looked_up_until":
		d.Label = t.word(unseen(o))
		d.Value, d.At = moment(o.LookedUpUntil), o.LookedUpUntil
	case "pg":
		d.Value, d.Code = t.gateway(o.PG), value
	case "status":
		switch d.Value, d.Code = t.status(o.Status), value; {
		// Where PortOne documents no lookup, none can decide what became of the receipt,
		// and the page must not promise one.
		case o.Withdrawn && o.Status == outcome.Retrying && o.PG.Known() && !o.PG.LooksUp():
			d.Value = t.word("withdrawn blind")
		case o.Withdrawn:
			d.Value = t.word("withdrawn " + value)
		}
	case "reason":
		d.Value, d.Code = t.reason(o.Reason), value
	case "type":
		if value == "person" || value == "company" {
			d.Value, d.Code = t.word(value), value
		}
	case "amount":
		d.Value = t.amount(o.Amount)
	case "vat":
		d.Value = t.amount(o.VAT)
	case "receipt_url":
		// The address comes from PortOne. html/template keeps javascript: out of links as
		// well; anything but a web address is shown as text.
		if strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://") {
			d.Link = value
		}
	case "applied_at", "cancelled_at", "first_attempt_at", "updated_at", "next_attempt_at":
		// A time that another version wrote in another form is shown as it is.
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			d.Value, d.At = moment(at), at
		}
	}
	return d
}

// unseen returns the key of the word for what is known of a DELETE that may have worked
// unseen: no lookup can tell, a lookup is due, or until when it is looked up.
func unseen(o outcome.Outcome) string {
	switch {
	case o.PG.Known() && !o.PG.LooksUp():
		return "unseen blind"
	// A time that has passed is that of a worker that died: the next attempt looks it up.
	case o.LookedUpUntil.Before(time.Now()):
		return "unseen due"
	}
	return "field looked_up_until"
}
