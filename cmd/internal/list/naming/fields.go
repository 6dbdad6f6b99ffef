package naming

import (
	"strings"
)

// Field is one of a payment that a key of JSON may name.
type Field int

// The fields of a payment.
const (
	NoField Field = iota
	ImpUIDField
	GatewayField
	NumberField
	TierField
	FieldCount
)

const (
	// maxKeys bounds how many keys are remembered, and maxKey their length in bytes.
	maxKeys = 1000
	maxKey  = 200
)

// Fields finds what the keys of objects name, by the names that the columns of a CSV have.
type Fields struct {
	Names [FieldCount][]string // the preferred ones first
	worst Likeness
	known map[string]meaning // to find it anew for each line would take longer than all the rest

	Unread func(key string) // is told of each key once that names no field; may be nil
}

// meaning is the field that a key names, and how well: 0 is best.
type meaning struct {
	Field Field
	Rank  int
}

// NewFields returns the fields by their names. column is the imp_uid's, if it is said.
func NewFields(column string) Fields {
	k := Fields{worst: Loose, known: make(map[string]meaning)}
	if column != "" {
		k.worst = Spelled
	}
	k.Names = [FieldCount][]string{
		ImpUIDField: NamesOr(column), GatewayField: GatewayNames, NumberField: NumberNames, TierField: TierNames,
	}
	return k
}

// Meaning returns what a key names.
func (k *Fields) Meaning(key string) meaning {
	if m, ok := k.known[key]; ok {
		return m
	}
	m := k.find(key)
	if len(k.known) < maxKeys && len(key) <= maxKey {
		k.known[strings.Clone(key)] = m
		if m.Field == NoField && k.Unread != nil {
			k.Unread(key)
		}
	}
	return m
}

// find is meaning for a key that is not known yet. The name as it is goes before the same
// in another case, and that before what is only like it.
func (k *Fields) find(key string) meaning {
	if len(key) > maxKey {
		return meaning{}
	}
	for of, names := range k.Names {
		for i, name := range names {
			if key == name {
				return meaning{Field(of), i}
			}
		}
		for like := written; like <= k.worst; like++ {
			for i, name := range names {
				if like.Matches(key, name) {
					return meaning{Field(of), int(like)*len(names) + i}
				}
			}
		}
	}
	return meaning{}
}
