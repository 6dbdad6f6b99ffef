package tasks

import "strings"

// ByImpUID is a map from imp_uids. Those that are as PortOne makes them are kept as numbers,
// which takes half the memory. The zero value is empty and ready to be used.
type ByImpUID[V any] struct {
	numbers map[uint64]V
	others  map[string]V
}

// Get returns the value of an imp_uid, and whether it has one.
func (m *ByImpUID[V]) Get(impUID string) (value V, found bool) {
	if number, ok := pack(impUID); ok {
		value, found = m.numbers[number]
		return value, found
	}
	value, found = m.others[impUID]
	return value, found
}

// Set gives an imp_uid a value. It keeps a copy of the imp_uid, not the string.
func (m *ByImpUID[V]) Set(impUID string, value V) {
	if m.numbers == nil {
		m.numbers, m.others = make(map[uint64]V), make(map[string]V)
	}
	if number, ok := pack(impUID); ok {
		m.numbers[number] = value
		return
	}
	m.others[strings.Clone(impUID)] = value
}

// mostDigits is how many digits fit into the 50 bits that pack has for them.
const mostDigits = 15

// pack returns a number that no other imp_uid has, and false if this one is not
// imp_ or imps_ with up to 15 digits.
func pack(impUID string) (number uint64, ok bool) {
	digits, plain := strings.CutPrefix(impUID, "imp_")
	if !plain {
		if digits, ok = strings.CutPrefix(impUID, "imps_"); !ok {
			return 0, false
		}
	}
	if digits == "" || len(digits) > mostDigits {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		number = 10*number + uint64(c-'0')
	}
	number |= uint64(len(digits)) << 50 // tells 01 from 1
	if plain {
		number |= 1 << 54
	}
	return number, true
}
