package list

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"receiptrevoker/tasks"
)

// ndjsonParser makes rows of NDJSON lines.
type ndjsonParser struct {
	impUID []string // keys of the imp_uid, the preferred one first
}

func newNDJSONParser(opts Options) *ndjsonParser {
	p := &ndjsonParser{impUID: []string{"imp_uid", "impUid"}}
	if opts.Column != "" {
		p.impUID = []string{opts.Column}
	}
	return p
}

func (p *ndjsonParser) parse(record []byte) (Row, error) {
	record = bytes.TrimSpace(record)
	if len(record) == 0 {
		return Row{}, errBlank
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(record, &object); err != nil {
		return Row{}, notObject(err)
	}
	row := Row{Raw: bytes.Clone(record)}
	pg, _ := text(lookup(object, "pg", "pg_provider")) // what is no name names no gateway
	row.PG = tasks.Gateway(pg)
	number := lookup(object, "apply_num", "applyNum")
	var ok bool
	if row.ApplyNum, ok = text(number); number != nil && !ok {
		return row, fmt.Errorf("apply_num %s is not a string", cut(string(number)))
	}
	value := lookup(object, p.impUID...)
	if value == nil {
		return row, fmt.Errorf("the object has no key %s", strings.Join(p.impUID, " or "))
	}
	if row.ImpUID, ok = text(value); !ok {
		return row, fmt.Errorf("imp_uid %s is not a string", cut(string(value)))
	}
	return row, validate(row.ImpUID)
}

// notObject returns a plain word for why a line could not be parsed.
func notObject(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("the line is not valid JSON: %w", syntax)
	}
	return errors.New("the line is not a JSON object")
}

// lookup returns the value of the first of keys that object has, in that case or, as in
// the header of a CSV, in any other; nil if it has none.
func lookup(object map[string]json.RawMessage, keys ...string) json.RawMessage {
	for _, key := range keys {
		if value, ok := object[key]; ok {
			return value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, name) }) {
			return object[name]
		}
	}
	return nil
}

// text returns the string that value is, without blanks around it; "" for null.
func text(value json.RawMessage) (string, bool) {
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return "", false
	}
	return clean(s), true
}
