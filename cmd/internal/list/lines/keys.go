package lines

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"receiptrevoker/cmd/internal/list/naming"
)

// lookup returns the values of an object by the fields that their keys name, the best key's first. Keys
// that are only like a name count where no other is there, and those that are like a less preferred
// name do not. record is what the object was read from: of a key that is there twice an object has one.
// card says that a number outside of other objects is the card company's.
func (k *JSON) lookup(
	object map[string]json.RawMessage, record []byte, card bool,
) [naming.FieldCount][]json.RawMessage {
	var named []member
	var within []member
	twice := false
	for key, value := range object {
		if k.Meaning(key).Field != naming.NoField {
			named = append(named, member{key, value})
			twice = twice || bytes.Count(record, []byte(strconv.Quote(key))) > 1
		} else if value[0] == '{' || value[0] == '[' {
			within = append(within, k.within(key, value, 1)...)
		}
	}
	// encoding/json keeps the last of two values without a word; both are compared here.
	if twice {
		named = members(record)
	}
	// members has returned all keys, also those that name no field.
	if twice || card {
		named = slices.DeleteFunc(named, func(m member) bool {
			of := k.Meaning(m.key).Field
			return of == naming.NoField || card && of == naming.NumberField && naming.OfCard(m.key)
		})
	}
	// Those of inner objects come behind the object's own of the same rank, and a map has no order:
	// sorted, the same object gives the same row each time.
	named = append(named, within...)
	slices.SortStableFunc(named, func(a, b member) int {
		return cmp.Or(cmp.Compare(k.Meaning(a.key).Rank, k.Meaning(b.key).Rank), cmp.Compare(a.key, b.key))
	})
	var found [naming.FieldCount][]json.RawMessage
	var best [naming.FieldCount]int
	for _, m := range named {
		means := k.Meaning(m.key)
		f := means.Field
		if found[f] == nil {
			best[f] = means.Rank
		}
		// A number that is only like the name is compared with the best too: if an object's own apply_num and
		// that of an object within it differ, either may be the receipt's.
		if means.Rank == best[f] || means.Rank < int(naming.Loose)*len(k.Fields.Names[f]) || f == naming.NumberField {
			found[f] = append(found[f], m.value)
		}
	}
	return found
}

// maxWithin is how deep members are looked for in others: to look anew at each depth takes time, the
// more so as each depth is parsed again.
const maxWithin = 4

// within returns the members of an object or array within another that say which receipt of the payment
// is meant, whose it is, or which gateway it has, under the name of the table and their own:
// receipt.apply_num. An imp_uid there is another's.
func (k *JSON) within(name string, value json.RawMessage, depth int) (all []member) {
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
	// Of a payment's own record within an order the number is the card company's, as at the top.
	inner := members(value)
	keys := make(map[string]bool, len(inner))
	for _, m := range inner {
		keys[m.key] = true
	}
	for _, m := range inner {
		name := name + "." + m.key
		if k.Meaning(name).Field != naming.NumberField || !naming.OfCard(m.key) || naming.OfPayment(maps.Keys(keys)) == "" {
			all = append(all, k.nested(name, m.value, depth)...)
		}
	}
	return all
}

// impUIDWithin returns the imp_uid of the only object right within another that has one, as that of
// payment in {"order":7,"payment":{"imp_uid":"imp_448280090638"}}; nil if none or several have, or
// the other names something of a payment itself.
func (k *JSON) impUIDWithin(object map[string]json.RawMessage) (found []json.RawMessage) {
	for key, value := range object {
		if k.Meaning(key).Field != naming.NoField {
			return nil
		} else if value[0] != '{' {
			continue
		}
		for _, m := range members(value) {
			if k.Meaning(m.key).Field == naming.ImpUIDField {
				if found = append(found, m.value); naming.OfAnother(key) || len(found) > 1 {
					return nil
				}
			}
		}
	}
	return found
}

// nested returns a member as within does, or those within its value.
func (k *JSON) nested(name string, value json.RawMessage, depth int) []member {
	if value[0] == '{' || value[0] == '[' {
		return k.within(name, value, depth+1)
	}
	if of := k.Meaning(name).Field; of != naming.NoField && of != naming.ImpUIDField {
		return []member{{name, value}}
	}
	return nil
}

// member is one of an object's, with its key as it came. Of a key that stands there twice there are
// two.
type member struct {
	key   string
	value json.RawMessage
}

// members returns the members of an object, which is valid JSON, in their order. Unlike a map it has
// both of two with the same key.
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
