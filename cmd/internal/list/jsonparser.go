package list

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"receiptrevoker/tasks"
)

// jsonParser makes rows of JSON objects, and of strings that are imp_uids.
type jsonParser struct {
	keys
	noKey  error  // says that an object has no imp_uid
	unit   string // what a record is called: line or element
	answer bool   // the records are those of an answer of PortOne
}

func newJSONParser(opts Options, unit string) *jsonParser {
	return &jsonParser{
		keys: newKeys(opts.Column), unit: unit,
		noKey: fmt.Errorf("the object has no key %s", cmp.Or(opts.Column, "imp_uid or impUid")),
	}
}

func (p *jsonParser) parse(record []byte) (Row, error) {
	record = bytes.Trim(bytes.TrimSpace(record), blanks)
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
	values := p.lookup(object)
	if p.isPayment(object) {
		values[numberField] = nil
	}
	row := Row{Raw: bytes.Clone(record)}
	pg, _ := text(values[gatewayField]) // what is no name names no gateway
	row.PG = tasks.Gateway(pg)
	for _, field := range []struct {
		name  string
		value json.RawMessage
		into  *string
	}{
		{"apply_num", values[numberField], &row.ApplyNum},
		{"tier", values[tierField], &row.Tier},
		{"imp_uid", values[impUIDField], &row.ImpUID},
	} {
		var ok bool
		if *field.into, ok = text(field.value); field.value != nil && !ok {
			return row, fmt.Errorf("%s %s is not a string", field.name, cut(string(field.value)))
		}
	}
	if values[impUIDField] == nil {
		return row, p.noKey
	}
	return row, validate(row.ImpUID)
}

// isPayment reports whether an object is PortOne's own record of a payment, whose apply_num
// is the number by which the card company approved it, not the receipt's. It has the key
// cash_receipt_issued (PaymentAnnotation of its specification), and in an answer at least a
// pay_method.
func (p *jsonParser) isPayment(object map[string]json.RawMessage) bool {
	_, payment := object["cash_receipt_issued"]
	_, method := object["pay_method"]
	return payment || method && p.answer
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
func (p *jsonParser) names(key string) bool { return p.meaning(key).field == impUIDField }

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
	return p.lookup(keys)[impUIDField] == nil && (first == '[' || first == '{')
}

// notObject returns a plain word for why a record could not be parsed.
func (p *jsonParser) notObject(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("the %s is not valid JSON: %w", p.unit, syntax)
	}
	return fmt.Errorf("the %s is not a JSON object", p.unit)
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
