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
	noKey    error       // says that an object has no imp_uid
	unit     string      // what a record is called: line or element
	inAnswer func() bool // reports whether the record is one of an answer of PortOne
}

// newJSONParser returns a parser of records that are called unit. column is the imp_uid's key,
// if it is said.
func newJSONParser(column, unit string) *jsonParser {
	return &jsonParser{
		keys: newKeys(column), unit: unit, inAnswer: func() bool { return false },
		noKey: fmt.Errorf("the object has no key %s", cmp.Or(column, "imp_uid or impUid")),
	}
}

func (p *jsonParser) parse(record []byte) (Row, error) {
	record = bytes.Trim(bytes.TrimSpace(record), blanks+"\x00")
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
	values := p.lookup(object, record, p.isPayment(object))
	row := Row{Raw: bytes.Clone(record)}
	if err := fill(&row, values); err != nil {
		return row, err
	}
	switch {
	case values[impUIDField] != nil:
		return row, validate(row.ImpUID)
	case failure(object) != nil:
		return row, failure(object)
	}
	return row, p.noKey
}

// fill gives a row the values of an object's keys, see lookup.
func fill(r *Row, values [fieldCount][]json.RawMessage) error {
	pg := ""
	var named [fieldCount][]string
	for _, field := range []struct {
		of   field
		name string
		into *string
	}{{gatewayField, "pg", &pg}, {numberField, "apply_num", &r.ApplyNum}, {tierField, "tier", &r.Tier}, {impUIDField, "imp_uid", &r.ImpUID}} {
		for i, value := range values[field.of] {
			read, ok := text(value)
			if i == 0 {
				*field.into = read
			}
			if !ok {
				return fmt.Errorf("%s %s is not a string", field.name, cut(string(value)))
			}
			if len(values[field.of]) > 1 {
				named[field.of] = append(named[field.of], read)
			}
		}
	}
	r.PG = tasks.Gateway(pg)
	return agreed(r, named)
}

// failure returns what an answer of PortOne says that is none to a list: code is not 0, and
// message says why. It returns nil for another object.
func failure(object map[string]json.RawMessage) error {
	code, ok := object["code"]
	message, isText := text(object["message"])
	if !ok || !isText || message == "" || string(code) == "0" {
		return nil
	}
	return fmt.Errorf("it is an answer of PortOne that says, with code %s: %s", cut(string(code)), cut(message))
}

// isPayment reports whether an object is PortOne's own record of a payment, whose apply_num
// is the number by which the card company approved it, not the receipt's. It has the key
// cash_receipt_issued (PaymentAnnotation of its specification), and in an answer at least a
// pay_method.
func (p *jsonParser) isPayment(object map[string]json.RawMessage) bool {
	_, payment := object["cash_receipt_issued"]
	_, method := object["pay_method"]
	return payment || method && p.inAnswer()
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
	return p.lookup(keys, object, false)[impUIDField] == nil && (first == '[' || first == '{')
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
