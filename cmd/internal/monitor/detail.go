package monitor

import (
	"strings"
	"time"

	"receiptrevoker/tasks/outcome"
)

// detail is one field of an outcome.
type detail struct {
	Field string
	Label string // what people call the field
	Value string
	// Code is how a program calls the value, if people call it something else.
	Code string
	// Link is where the value leads, if it does.
	Link string
	// At is the value, if that is a time.
	At time.Time
}

// details returns the fields of an outcome that are not empty, in their order
// and in the language.
func (t tongue) details(o outcome.Outcome) []detail {
	var all []detail
	values := o.Values()
	for i, field := range outcome.Fields() {
		if values[i] != "" && !(o.Withdrawn && field == "next_attempt_at") { // no DELETE follows
			all = append(all, t.detail(o, field, values[i]))
		}
	}
	return all
}

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
		if strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://") {
			d.Link = value
		}
	case "applied_at", "cancelled_at", "first_attempt_at", "updated_at", "next_attempt_at":
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			d.Value, d.At = moment(at), at
		}
	}
	return d
}

// unseen returns the word for what is known of a DELETE that may have worked unseen.
func unseen(o outcome.Outcome) string {
	switch {
	case o.PG.Known() && !o.PG.LooksUp():
		return "unseen blind"
	case o.LookedUpUntil.Before(time.Now()):
		return "unseen due"
	}
	return "field looked_up_until"
}
