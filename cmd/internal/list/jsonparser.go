package list

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"receiptrevoker/tasks"
)

// jsonParser makes rows of JSON objects, and of strings that are imp_uids.
type jsonParser struct {
	impUID []string // keys of the imp_uid, the preferred one first
	unit   string   // what a record is called: line or element
	answer bool     // the records are those of an answer of PortOne
}

func newJSONParser(opts Options, unit string) *jsonParser {
	p := &jsonParser{impUID: []string{"imp_uid", "impUid"}, unit: unit}
	if opts.Column != "" {
		p.impUID = []string{opts.Column}
	}
	return p
}

func (p *jsonParser) parse(record []byte) (Row, error) {
	record = bytes.TrimSpace(record)
	if len(record) == 0 {
		return Row{}, errBlank
	}
	if record[0] == '"' {
		return p.parseString(record)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(record, &object); err != nil {
		return Row{}, p.notObject(err)
	}
	row := Row{Raw: bytes.Clone(record)}
	pg, _ := text(lookup(object, "pg", "pg_provider")) // what is no name names no gateway
	row.PG = tasks.Gateway(pg)
	impUID := lookup(object, p.impUID...)
	for _, field := range []struct {
		name  string
		value json.RawMessage
		into  *string
	}{
		{"apply_num", p.number(object), &row.ApplyNum},
		{"tier", lookup(object, tierNames...), &row.Tier},
		{"imp_uid", impUID, &row.ImpUID},
	} {
		var ok bool
		if *field.into, ok = text(field.value); field.value != nil && !ok {
			return row, fmt.Errorf("%s %s is not a string", field.name, cut(string(field.value)))
		}
	}
	if impUID == nil {
		return row, fmt.Errorf("the object has no key %s", strings.Join(p.impUID, " or "))
	}
	return row, validate(row.ImpUID)
}

// number returns the number of the receipt that an object names, nil if none. In
// PortOne's own record of a payment apply_num is the number by which the card company
// approved it. Such a record has the key cash_receipt_issued (PaymentAnnotation of its
// specification), and in an answer at least a pay_method.
func (p *jsonParser) number(object map[string]json.RawMessage) json.RawMessage {
	_, payment := object["cash_receipt_issued"]
	if _, ok := object["pay_method"]; payment || ok && p.answer {
		return nil
	}
	return lookup(object, "apply_num", "applyNum")
}

// parseString makes a row of a string that stands without a key. It has to look
// like an imp_uid, as nothing else tells that it is one.
func (p *jsonParser) parseString(record []byte) (Row, error) {
	if err := json.Unmarshal(record, new(string)); err != nil {
		return Row{}, p.notObject(err)
	}
	impUID, _ := text(record)
	row := Row{Raw: bytes.Clone(record), ImpUID: impUID}
	if err := validate(impUID); err != nil {
		return row, err
	}
	if !looksLikePayment(impUID) {
		return row, fmt.Errorf("the string %q is not an imp_uid, which begins with imp_ or imps_", cut(impUID))
	}
	return row, nil
}

// names reports whether key is that of an imp_uid.
func (p *jsonParser) names(key string) bool { return inAnyCase(p.impUID, key) }

// isAnswer reports whether an object is an answer of PortOne that holds a list.
func (p *jsonParser) isAnswer(object []byte) bool {
	var answer struct {
		Code     json.RawMessage
		Response json.RawMessage
	}
	var keys map[string]json.RawMessage
	if json.Unmarshal(object, &answer) != nil || json.Unmarshal(object, &keys) != nil || answer.Code == nil {
		return false
	}
	first := firstByte(answer.Response)
	return lookup(keys, p.impUID...) == nil && (first == '[' || first == '{')
}

// notObject returns a plain word for why a record could not be parsed.
func (p *jsonParser) notObject(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("the %s is not valid JSON: %w", p.unit, syntax)
	}
	return fmt.Errorf("the %s is not a JSON object", p.unit)
}

// lookup returns the value of the first of keys that object has, in that case or, as in
// the header of a CSV, in any other; nil if it has none.
func lookup(object map[string]json.RawMessage, keys ...string) json.RawMessage {
	for _, key := range keys {
		if value, ok := object[key]; ok {
			return value
		}
	}
	first, found := "", json.RawMessage(nil)
	for name, value := range object {
		if (found == nil || name < first) && inAnyCase(keys, name) {
			first, found = name, value
		}
	}
	return found
}

// inAnyCase reports whether name is one of keys, but for its case.
func inAnyCase(keys []string, name string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, name) })
}

// text returns the string that value is, without blanks around it; "" for null. The
// value is valid JSON.
func text(value json.RawMessage) (string, bool) {
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' && bytes.IndexByte(value, '\\') < 0 {
		return clean(string(value[1 : n-1])), true
	}
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return "", false
	}
	return clean(s), true
}
