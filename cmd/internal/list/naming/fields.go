package naming

import (
	"slices"
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

// Names returns the names of each field, the preferred ones first. column is the imp_uid's, if it is said.
func Names(column string) [FieldCount][]string {
	names := [FieldCount][]string{
		ImpUIDField: ImpUIDNames, GatewayField: GatewayNames, NumberField: NumberNames, TierField: TierNames,
	}
	if column != "" {
		names[ImpUIDField] = []string{column}
	}
	return names
}

// Columns are the columns of each field, the preferred first.
type Columns [FieldCount][]int

// First returns the preferred column of a field, -1 if there is none.
func (c *Columns) First(of Field) int {
	if len(c[of]) == 0 {
		return -1
	}
	return c[of][0]
}

// Last returns the rightmost column of a field, -1 if there is none.
func (c *Columns) Last(of Field) int { return slices.Max(append([]int{-1}, c[of]...)) }

// Locate finds the columns of each field by their names in the header: the one that is named best, and all with
// the letters of a name. What is only like a name, such as 이전 imp_uid, is another's where one has the name. If
// named is not empty, only that is the imp_uid's.
func Locate(header []string, named string, worst Likeness) (at Columns, err error) {
	for of, names := range Names(named) {
		best, _, err := Find(header, names, worst)
		if err != nil {
			return at, err
		}
		if best >= 0 {
			at[of] = []int{best}
		}
		for _, name := range names {
			for i, column := range header {
				if Spelled.Matches(column, name) && !slices.Contains(at[of], i) {
					at[of] = append(at[of], i)
				}
			}
		}
	}
	return at, nil
}

const (
	// maxKeys bounds how many keys are remembered, and maxKey their length in bytes.
	maxKeys = 1000
	maxKey  = 200
)

// Fields finds what names mean, and remembers it: to find it anew for each line would take longer than all the rest.
type Fields struct {
	Names [FieldCount][]string // the preferred ones first
	worst Likeness
	known map[string]meaning

	Unread func(key string) // is told of each key once that names no field; may be nil
}

// meaning is the field that a key names, and how well: the less the better.
type meaning struct {
	Field Field
	Rank  int
}

// NewFields returns the fields by their names. column is the imp_uid's, if it is said.
func NewFields(column string) Fields {
	k := Fields{Names: Names(column), worst: Loose, known: make(map[string]meaning)}
	if column != "" {
		k.worst = Spelled
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

// find is Meaning for a key that is not known yet. A name as it is goes before the same in another case.
func (k *Fields) find(key string) meaning {
	for of, names := range k.Names {
		if len(key) > maxKey {
			break
		}
		if i := slices.Index(names, key); i >= 0 {
			return meaning{Field(of), i}
		}
		if rank, ok := rankOf(key, names, k.worst); ok {
			return meaning{Field(of), rank}
		}
	}
	return meaning{}
}
