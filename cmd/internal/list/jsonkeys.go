package list

import (
	"encoding/json"
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

// lookup returns the values of an object by the fields that their keys name, nil where no
// key does. Of several keys for a field the best counts.
func (k *keys) lookup(object map[string]json.RawMessage) [fieldCount]json.RawMessage {
	var found [fieldCount]json.RawMessage
	var ranks [fieldCount]int
	var named [fieldCount]string
	for key, value := range object {
		m := k.meaning(key)
		if m.field == noField {
			continue
		}
		if found[m.field] == nil || m.rank < ranks[m.field] || m.rank == ranks[m.field] && key < named[m.field] {
			found[m.field], ranks[m.field], named[m.field] = value, m.rank, key
		}
	}
	return found
}

// meaning returns what a key names.
func (k *keys) meaning(key string) meaning {
	if m, ok := k.known[key]; ok {
		return m
	}
	m := k.find(key)
	if len(k.known) < maxKeys && len(key) <= maxKey {
		k.known[strings.Clone(key)] = m
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
