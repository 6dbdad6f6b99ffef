package jsontext

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"

	"receiptrevoker/cmd/internal/list/fault"
	"receiptrevoker/cmd/internal/list/plain"
)

// listKeys are the keys under which an object has the elements of a page, as those of Spring, Django
// and Elasticsearch. Under another, such as previous, they may be another's.
var listKeys = regexp.MustCompile(`(?i)^(?:data|list|contents?|items|rows|results?|records|목록)$`)

// wrapKeys are the keys under which an object has the object that has the page, as answers of many services do.
var wrapKeys = regexp.MustCompile(`(?i)^(?:data|results?|response|body|payload)$`)

// totalKeys are the keys under which a page says how many elements all pages have. Fewer in the list is
// noted, see [Elements].Partial.
var totalKeys = regexp.MustCompile(`(?i)^(?:total|total_?(?:elements|count|items)|count)$`)

// object takes the object ahead, which is outside of an answer's list or the response of an answer. It
// is an element unless it holds a list: then those of the list are. response says that it is the
// response of an answer.
//
// The keys are read one by one and kept until it is known which it is: a page may be longer than the
// memory, and of an element nothing may be lost. code before response tells an answer of PortOne from
// another object that has such a key.
func (e *Elements) object(response bool) (bool, error) {
	opened := level{bracket: '{', line: e.scan.line, full: true}
	e.start = e.scan.line
	e.scan.take()
	code, payment := false, false
	for {
		key, ok, err := e.key()
		if !ok || err != nil {
			return e.remainder(err)
		}
		code, payment = code || key == "code", payment || e.Reads(key)
		b, err := e.scan.inside()
		if err != nil {
			return false, err
		}
		switch {
		// An object that names something of a payment is one, whatever lists it holds.
		case payment:
		case response && key == "list" && b == '[', !response && key == "response" && code && b == '[':
			opened.answer = true
			e.open = append(e.open, opened)
			e.enter('[')
			return false, nil
		// The keys before the list must hold no imp_uid: it would be lost with them.
		case !response && b == '[' && listKeys.MatchString(key) && e.listAhead() &&
			!bytes.Contains(e.scan.text, []byte("imp_")):
			e.open = append(e.open, opened)
			e.enter('[')
			return false, nil
		case !response && key == "response" && code && b == '{':
			opened.answer = true
			e.open = append(e.open, opened)
			e.scan.text = e.scan.text[:0]
			return e.object(true)
		// Only if the inner object holds a list: else the outer one is a payment with an object in it.
		case !response && b == '{' && wrapKeys.MatchString(key) && len(e.open) < maxDepth &&
			HoldsList(e.head(), e.Names, e.Reads) && !bytes.Contains(e.scan.text, []byte("imp_")):
			e.open = append(e.open, opened)
			e.scan.text = e.scan.text[:0]
			return e.object(false)
		}
		from := len(e.scan.text)
		if err := e.scan.value(); err != nil {
			return false, err
		}
		if totalKeys.MatchString(key) {
			opened.total, _ = strconv.Atoi(string(e.scan.text[from:]))
		}
		if b, err = e.scan.inside(); err != nil || b != ',' {
			return e.remainder(err)
		}
		e.scan.take()
	}
}

// head returns what is ahead, as far as is looked: 4 KiB. The key of the first imp_uid has to stand in
// them, or what is ahead is no list.
func (e *Elements) head() []byte {
	const most = 4 << 10
	head, _ := e.scan.in.Peek(most) // an error comes again
	return head
}

// listAhead reports whether the array ahead is a list of payments.
func (e *Elements) listAhead() bool { return beginsList(e.head(), e.Names) }

// beginsList reports whether a text begins with an array whose first object has an imp_uid. The text
// may end anywhere behind that: a value that is cut is no error if the key came before.
func beginsList(text []byte, names func(key string) bool) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	for _, bracket := range []json.Delim{'[', '{'} {
		if token, err := decoder.Token(); err != nil || token != bracket {
			return false
		}
	}
	for decoder.More() {
		key, _ := decoder.Token()
		if name, ok := key.(string); !ok || names(name) {
			return ok
		}
		if decoder.Decode(new(json.RawMessage)) != nil {
			return false
		}
	}
	return false
}

// HoldsList reports whether an object, which may be cut, is an answer of PortOne that holds a list, or
// has one under one of listKeys, and names nothing of a payment itself. names and reads tell the key of
// an imp_uid, and those of all fields. It decides between NDJSON and JSON for a list of one line, and
// between a page and a payment for an object within another.
func HoldsList(object []byte, names, reads func(key string) bool) (found bool) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token() // the brace
	for code := false; decoder.More(); {
		token, _ := decoder.Token()
		key, _ := token.(string)
		value := bytes.TrimLeft(object[decoder.InputOffset():], plain.Blanks+":")
		code = code || key == "code"
		switch {
		case reads(key):
			return false
		case key == "response" && code:
			found = found || plain.FirstByte(value) == '[' || plain.FirstByte(value) == '{'
		case plain.FirstByte(value) == '{' && wrapKeys.MatchString(key):
			found = found || HoldsList(value, names, reads)
		case listKeys.MatchString(key):
			found = found || beginsList(value, names)
		}
		if decoder.Decode(new(json.RawMessage)) != nil {
			break
		}
	}
	return found
}

// remainder takes what is left of an object that holds no list: it is an element.
func (e *Elements) remainder(err error) (bool, error) {
	if err != nil {
		return false, err
	}
	// What was skipped may have kept two words apart, which the parser has to see as two.
	e.scan.keep(' ')
	e.scan.nest = append(e.scan.nest[:0], '{')
	return true, e.scan.rest()
}

// key takes a key and the colon after it, and reports whether they are ahead. The error is final. What
// is no key is left to the parser of the element, which says what is wrong with that one element.
func (e *Elements) key() (string, bool, error) {
	b, err := e.scan.inside()
	if err != nil || b != '"' {
		return "", false, err
	}
	from := len(e.scan.text)
	if err := e.scan.value(); err != nil {
		return "", false, err
	}
	var key string
	_ = json.Unmarshal(e.scan.text[from:], &key) // "" if it is too long or no string
	if b, err = e.scan.inside(); err != nil || b != ':' {
		return "", false, err
	}
	e.scan.take()
	return key, true, nil
}

// member skips a member of an answer that follows its list. Keys of a payment, or imp_uids, beside the
// list are an error: the object would be a page and a payment at once.
func (e *Elements) member() (bool, error) {
	key, ok, err := e.key()
	if err != nil {
		return false, err
	}
	if !ok {
		return false, e.scan.broken("a key is expected")
	}
	if e.Reads(key) {
		return false, e.scan.broken("the object of line %d holds a list, and a key %s as well",
			e.open[len(e.open)-1].line, key)
	}
	if b, err := e.scan.inside(); err != nil || endsWord(b) {
		return false, e.scan.broken("the key %q has no value", fault.Cut(key))
	}
	from := len(e.scan.text)
	if err := e.scan.value(); err != nil {
		return false, err
	}
	if totalKeys.MatchString(key) {
		e.open[len(e.open)-1].total, _ = strconv.Atoi(string(e.scan.text[from:]))
	}
	if !bytes.Contains(e.scan.text, []byte("imp_")) {
		return false, nil
	}
	return false, e.scan.broken("the object of line %d holds a list, and imp_uids under %q as well, which are not "+
		"of it: take them out", e.open[len(e.open)-1].line, fault.Cut(key))
}
