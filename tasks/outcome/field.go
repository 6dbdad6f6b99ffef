package outcome

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// timeFormat is RFC 3339 with milliseconds; times are written in UTC.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// field is one field of an outcome: its name everywhere, its text, and whether
// that text is a number. An absent field has no text.
type field struct {
	name   string
	number bool
	get    func(*Outcome) string
	set    func(*Outcome, string) error
}

// fields is the one list of names, in the order in which people read them.
var fields = []field{
	text("imp_uid", func(o *Outcome) *string { return &o.ImpUID }),
	text("pg", func(o *Outcome) *string { return (*string)(&o.PG) }),
	text("batch", func(o *Outcome) *string { return &o.Batch }),
	text("status", func(o *Outcome) *string { return (*string)(&o.Status) }),
	text("reason", func(o *Outcome) *string { return (*string)(&o.Reason) }),
	number("http_status", func(o *Outcome) *int { return &o.HTTPStatus }, hasAnswer),
	{"code", true, getCode, setCode},
	text("message", func(o *Outcome) *string { return &o.Message }),
	number("attempts", func(o *Outcome) *int { return &o.Attempts }, func(o *Outcome) bool { return o.Status != Queued }),
	text("receipt_tid", func(o *Outcome) *string { return &o.ReceiptTID }),
	text("apply_num", func(o *Outcome) *string { return &o.ApplyNum }),
	text("type", func(o *Outcome) *string { return &o.Type }),
	number("amount", func(o *Outcome) *int64 { return &o.Amount }, hasReceipt),
	number("vat", func(o *Outcome) *int64 { return &o.VAT }, hasReceipt),
	text("receipt_url", func(o *Outcome) *string { return &o.ReceiptURL }),
	moment("applied_at", func(o *Outcome) *time.Time { return &o.AppliedAt }),
	moment("cancelled_at", func(o *Outcome) *time.Time { return &o.CancelledAt }),
	moment("first_attempt_at", func(o *Outcome) *time.Time { return &o.FirstAttemptAt }),
	moment("updated_at", func(o *Outcome) *time.Time { return &o.UpdatedAt }),
	moment("next_attempt_at", func(o *Outcome) *time.Time { return &o.NextAttemptAt }),
	moment("looked_up_until", func(o *Outcome) *time.Time { return &o.LookedUpUntil }),
	text("stated_by", func(o *Outcome) *string { return &o.StatedBy }),
	text("statement", func(o *Outcome) *string { return &o.Statement }),
	{"withdrawn", true, getWithdrawn, setWithdrawn},
}

// Fields returns the names of an outcome's fields, in order: the columns of a
// CSV, and the keys in JSON and Redis.
func Fields() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// Values returns the texts of an outcome's fields in the order of [Fields],
// empty where a field is absent.
func (o Outcome) Values() []string {
	values := make([]string, len(fields))
	for i, f := range fields {
		values[i] = f.get(&o)
	}
	return values
}

// MarshalJSON writes the fields that are present.
func (o Outcome) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for _, f := range fields {
		value := f.get(&o)
		if value == "" {
			continue
		}
		if !f.number {
			quoted, err := quote(value)
			if err != nil {
				return nil, err
			}
			value = quoted
		}
		separator := byte(',')
		if b.Len() == 0 {
			separator = '{'
		}
		b.WriteByte(separator)
		b.WriteString(`"` + f.name + `":` + value)
	}
	if b.Len() == 0 {
		return []byte("{}"), nil
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// quote leaves <, > and & alone: messages are read by people.
func quote(s string) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. Unknown fields are ignored.
func (o *Outcome) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	values := make(map[string]string, len(raw))
	for name, value := range raw {
		var s string
		if json.Unmarshal(value, &s) != nil {
			s = string(value)
		}
		values[name] = s
	}
	decoded, err := decode(values)
	if err != nil {
		return err
	}
	*o = decoded
	return nil
}

// decode reads an outcome from its fields' texts. The error names the field
// that cannot be read.
func decode(values map[string]string) (Outcome, error) {
	o := Outcome{Batches: batchesOf(values)}
	for _, f := range fields {
		value := values[f.name]
		if value == "" {
			continue
		}
		if err := f.set(&o, value); err != nil {
			return o, fmt.Errorf("outcome of %q: field %s: %w", values["imp_uid"], f.name, err)
		}
	}
	return o, nil
}

func text(name string, at func(*Outcome) *string) field {
	return field{
		name: name,
		get:  func(o *Outcome) string { return *at(o) },
		set:  func(o *Outcome, s string) error { *at(o) = s; return nil },
	}
}

func number[N int | int64](name string, at func(*Outcome) *N, present func(*Outcome) bool) field {
	return field{
		name:   name,
		number: true,
		get: func(o *Outcome) string {
			if !present(o) {
				return ""
			}
			return strconv.FormatInt(int64(*at(o)), 10)
		},
		set: func(o *Outcome, s string) error {
			n, err := strconv.ParseInt(s, 10, 64)
			*at(o) = N(n)
			return err
		},
	}
}

func moment(name string, at func(*Outcome) *time.Time) field {
	return field{
		name: name,
		get:  func(o *Outcome) string { return formatTime(*at(o)) },
		set: func(o *Outcome, s string) error {
			t, err := time.Parse(time.RFC3339, s)
			*at(o) = t.UTC()
			return err
		},
	}
}

// formatTime writes a time, empty for none and for what RFC 3339 has no year for.
func formatTime(t time.Time) string {
	if year := t.UTC().Year(); t.IsZero() || year < 0 || year > 9999 {
		return ""
	}
	return t.UTC().Format(timeFormat)
}

func hasAnswer(o *Outcome) bool { return o.HTTPStatus != 0 }

// hasReceipt tells an amount of zero from an amount that was not reported.
func hasReceipt(o *Outcome) bool { return o.Type != "" || o.ApplyNum != "" || o.Amount != 0 }

func getCode(o *Outcome) string {
	if o.Code == nil {
		return ""
	}
	return strconv.Itoa(*o.Code)
}

func setCode(o *Outcome, s string) error {
	code, err := strconv.Atoi(s)
	if err == nil {
		o.Code = &code
	}
	return err
}

func getWithdrawn(o *Outcome) string {
	return strings.TrimPrefix(strconv.FormatBool(o.Withdrawn), "false")
}

func setWithdrawn(o *Outcome, s string) (err error) {
	o.Withdrawn, err = strconv.ParseBool(s)
	return err
}

// batchesOf returns the batches that a request names as asking for it.
func batchesOf(asked map[string]string) (names []string) {
	for name := range asked {
		if batch, in := strings.CutPrefix(name, "in:"); in {
			names = append(names, batch)
		}
	}
	slices.Sort(names)
	return names
}
