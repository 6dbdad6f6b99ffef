package lines

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/frame"
	"receiptrevoker/cmd/internal/list/impuid"
	"receiptrevoker/cmd/internal/list/naming"
	"receiptrevoker/cmd/internal/list/payment"
	"receiptrevoker/cmd/internal/list/plain"
)

// JSON makes rows of JSON objects, and of strings that are imp_uids. Each record is judged by itself:
// unlike a line of a CSV it names its values.
type JSON struct {
	naming.Fields
	// noKey says that an object has no imp_uid.
	noKey error
	// unit is what a record is called in errors: line of NDJSON, element of JSON.
	unit string
	// InAnswer reports whether the record is one of an answer of PortOne: a payment there has the card
	// company's apply_num.
	InAnswer func() bool
}

// NewJSON returns a parser of records that are called unit. column is the imp_uid's key,
// if it is said.
func NewJSON(column, unit string) *JSON {
	return &JSON{
		Fields: naming.NewFields(column), unit: unit, InAnswer: func() bool { return false },
		noKey: fmt.Errorf("the object has no key %s", cmp.Or(column, "imp_uid or impUid")),
	}
}

// Parse makes a row of a record, see [payment.ErrBlank]. null is an object without an imp_uid.
func (p *JSON) Parse(record *frame.Record) (payment.Row, error) {
	text := bytes.Trim(bytes.TrimSpace(record.Text), plain.Blanks+"\x00")
	if len(text) == 0 {
		return payment.Row{}, payment.ErrBlank
	}
	row := payment.Row{Line: record.Line}
	if text[0] == '"' {
		err := p.parseString(&row, text)
		return row, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return row, p.notObject(err)
	}
	// The record is valid only until the next; a report writes this back.
	row.Raw = bytes.Clone(text)
	values := p.lookup(object, text, p.isPayment(object))
	// An order with its payment in it, {"order":7,"payment":{"imp_uid":…}}.
	if values[naming.ImpUIDField] == nil {
		values[naming.ImpUIDField] = p.impUIDWithin(object)
	}
	err := fill(&row, &values)
	switch {
	case values[naming.ImpUIDField] == nil:
		return row, cmp.Or(failure(object), p.noKey)
	case err != nil:
		return row, err
	}
	row.Further = further(&row)
	return row, cmp.Or(impuid.Validate(row.ImpUID), validateNumber(row.ApplyNum))
}

// ownString is a string of JSON that holds imp_uids and nothing else: no sentence that mentions one.
var ownString = regexp.MustCompile(`"((?:imps?_[0-9][A-Za-z0-9_-]*[,;| ]*)+)"`)

// further returns another imp_uid of an object, "" if there is none, wherever in it that stands.
func further(row *payment.Row) string {
	// The payment itself is one. Counting costs less than the search, and nearly all objects end here.
	if bytes.Count(row.Raw, []byte(`"imp`))-bytes.Count(row.Raw, []byte(`"imp_uid"`)) < 2 {
		return ""
	}
	for _, found := range ownString.FindAllSubmatch(row.Raw, -1) {
		if other := impuid.Other(string(found[1]), row.ImpUID); other != "" {
			return other
		}
	}
	return ""
}

// digits is a number of JSON that is read as it is written, as in a CSV. As a float, as encoding/json
// has it, a long one would lose digits.
var digits = regexp.MustCompile(`^[0-9]+(?:\.0)?$`)

// fill gives a row the values of an object's keys, see lookup. The error is the first one: a value that
// is no string, or that differs from another one of its field. The row has what could be read all the
// same.
func fill(r *payment.Row, values *[naming.FieldCount][]json.RawMessage) (err error) {
	var named [naming.FieldCount][]string
	for of, all := range values {
		for i, value := range all {
			read, ok := text(value)
			if naming.Field(of) == naming.NumberField {
				if !ok && digits.Match(value) {
					read, ok = string(value), true
				}
				read = whole(read)
			}
			if !ok {
				err = cmp.Or(err, fmt.Errorf("%s %s is not a string", fields[of].name, fault.Cut(string(value))))
			}
			if i == 0 {
				*r.Value(naming.Field(of)) = read
			}
			if len(all) > 1 {
				named[of] = append(named[of], read)
			}
		}
	}
	return cmp.Or(err, agree(r, &named))
}

// failure returns what an answer of PortOne says that is none to a list: code is not 0, and message
// says why. It returns nil for another object. A person who saved such an answer into a file would
// otherwise read that a key is missing.
func failure(object map[string]json.RawMessage) error {
	code, ok := object["code"]
	message, isText := text(object["message"])
	if !ok || !isText || message == "" || string(code) == "0" {
		return nil
	}
	return fmt.Errorf("it is an answer of PortOne that says, with code %s: %s",
		fault.Cut(string(code)), fault.Cut(message))
}

// isPayment reports whether an object is PortOne's own record of a payment, see [naming.OfPayment]. In
// an answer it has at least a pay_method; there the rest may be missing.
func (p *JSON) isPayment(object map[string]json.RawMessage) bool {
	_, method := object["pay_method"]
	return method && p.InAnswer() || naming.OfPayment(maps.Keys(object)) != ""
}

// parseString makes a row of a string that stands without a key. It has to look
// like an imp_uid, as nothing else tells that it is one.
func (p *JSON) parseString(row *payment.Row, record []byte) error {
	if err := json.Unmarshal(record, new(string)); err != nil {
		return p.notObject(err)
	}
	row.Raw = bytes.Clone(record)
	row.ImpUID, _ = text(record)
	if err := impuid.Validate(row.ImpUID); err != nil {
		return err
	}
	if !impuid.Is(row.ImpUID) {
		return fmt.Errorf("the string %q is not an imp_uid, which begins with imp_ or imps_", fault.Cut(row.ImpUID))
	}
	return nil
}

// Names reports whether key is that of an imp_uid. Package jsontext tells lists from payments by it.
func (p *JSON) Names(key string) bool { return p.Meaning(key).Field == naming.ImpUIDField }

// Reads reports whether key is that of a payment's field: an object with one is a payment, and no page.
func (p *JSON) Reads(key string) bool { return p.Meaning(key).Field != naming.NoField }

// notObject returns a plain word for why a record could not be parsed: errors of encoding/json name
// types of Go, unless the syntax is wrong.
func (p *JSON) notObject(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("the %s is not valid JSON: %w", p.unit, syntax)
	}
	return fmt.Errorf("the %s is not a JSON object", p.unit)
}

// text returns the string that value is, without blanks around it; "" for null. The value is valid
// JSON, so a string without a backslash is what stands between its quotation marks.
func text(value json.RawMessage) (string, bool) {
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' && bytes.IndexByte(value, '\\') < 0 {
		return plain.Value(string(value[1 : n-1])), true
	}
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return "", false
	}
	return plain.Value(s), true
}
