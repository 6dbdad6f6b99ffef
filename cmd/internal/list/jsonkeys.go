package list

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// field is one of a payment that a key of JSON may name.
type field int

const (
	noField field = iota
	impUIDField
	gatewayField
	numberField
	tierField
	fieldCount
)

const (
	// maxKeys bounds how many keys are remembered, and maxKey their length in bytes.
	maxKeys = 1000
	maxKey  = 200
)

// keys finds what the keys of objects name, by the names that the columns of a CSV have.
type keys struct {
	names [fieldCount][]string // the preferred ones first
	worst likeness
	known map[string]meaning // to find it anew for each line would take longer than all the rest

	unread func(key string) // is told of each key once that names no field; nil if nobody is
}

// meaning is the field that a key names, and how well: 0 is best.
type meaning struct {
	field field
	rank  int
}

func newKeys(column string) keys {
	k := keys{worst: loose, known: make(map[string]meaning)}
	if column != "" {
		k.worst = spelled
	}
	k.names = [fieldCount][]string{
		impUIDField: namesOr(column), gatewayField: gatewayNames, numberField: numberNames, tierField: tierNames,
	}
	return k
}

// lookup returns the values of an object by the fields that their keys name, the best key's
// first. Keys that are only like a name count where no other is there, and those that are like a
// less preferred name do not. record is what the object was read from: of a key that is there twice
// an object has one. card says that a number outside of other objects is the card company's.
func (k *jsonParser) lookup(object map[string]json.RawMessage, record []byte, card bool) [fieldCount][]json.RawMessage {
	var named []member
	var within []member
	twice := false
	for key, value := range object {
		if k.meaning(key).field != noField {
			named = append(named, member{key, value})
			twice = twice || bytes.Count(record, []byte(strconv.Quote(key))) > 1
		} else if value[0] == '{' || value[0] == '[' {
			within = append(within, k.within(key, value, 1)...)
		}
	}
	if twice {
		named = members(record)
	}
	if card {
		named = slices.DeleteFunc(named, func(m member) bool { return k.meaning(m.key).field == numberField })
	}
	named = append(named, within...)
	slices.SortStableFunc(named, func(a, b member) int {
		return cmp.Or(cmp.Compare(k.meaning(a.key).rank, k.meaning(b.key).rank), cmp.Compare(a.key, b.key))
	})
	var found [fieldCount][]json.RawMessage
	var best [fieldCount]int
	for _, m := range named {
		means := k.meaning(m.key)
		f := means.field
		if found[f] == nil {
			best[f] = means.rank
		}
		if means.rank == best[f] || means.rank < int(loose)*len(k.keys.names[f]) {
			found[f] = append(found[f], m.value)
		}
	}
	return found
}

// maxWithin is how deep members are looked for in others: to look anew at each depth takes time.
const maxWithin = 4

// within returns the members of an object or array within another that say which receipt of the payment is meant whose it is,
// or which gateway it has, under the name of the table and their own: receipt.apply_num. An imp_uid there is another's.
func (k *jsonParser) within(name string, value json.RawMessage, depth int) (all []member) {
	if depth > maxWithin {
		return nil
	}
	if value[0] == '[' {
		var elements []json.RawMessage
		_ = json.Unmarshal(value, &elements) // cannot fail: it is valid JSON
		for _, element := range elements {
			all = append(all, k.nested(name, element, depth)...)
		}
		return all
	}
	for _, m := range members(value) {
		all = append(all, k.nested(name+"."+m.key, m.value, depth)...)
	}
	return all
}

// nested returns a member as within does, or those within its value.
func (k *jsonParser) nested(name string, value json.RawMessage, depth int) []member {
	if value[0] == '{' || value[0] == '[' {
		return k.within(name, value, depth+1)
	}
	if of := k.meaning(name).field; of != noField && of != impUIDField {
		return []member{{name, value}}
	}
	return nil
}

// member is one of an object's. Of a key that stands there twice there are two.
type member struct {
	key   string
	value json.RawMessage
}

// members returns the members of an object, which is valid JSON, in their order.
func members(object []byte) (all []member) {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token() // the brace
	for decoder.More() {
		key, _ := decoder.Token()
		m := member{}
		m.key, _ = key.(string)
		if decoder.Decode(&m.value) != nil {
			break
		}
		all = append(all, m)
	}
	return all
}

// meaning returns what a key names.
func (k *keys) meaning(key string) meaning {
	if m, ok := k.known[key]; ok {
		return m
	}
	m := k.find(key)
	if len(k.known) < maxKeys && len(key) <= maxKey {
		k.known[strings.Clone(key)] = m
		if m.field == noField && k.unread != nil {
			k.unread(key)
		}
	}
	return m
}

// find is meaning for a key that is not known yet. The name as it is goes before the same
// in another case, and that before what is only like it.
func (k *keys) find(key string) meaning {
	if len(key) > maxKey {
		return meaning{}
	}
	for of, names := range k.names {
		for i, name := range names {
			if key == name {
				return meaning{field(of), i}
			}
		}
		for like := written; like <= k.worst; like++ {
			for i, name := range names {
				if like.matches(key, name) {
					return meaning{field(of), int(like)*len(names) + i}
				}
			}
		}
	}
	return meaning{}
}
