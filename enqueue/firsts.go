package enqueue

import (
	"hash/crc32"
	"strings"

	"receiptrevoker/tasks"
)

// place is a line, and the sum of what it names besides its imp_uid: lines of one imp_uid
// that differ in it contradict each other.
type place struct{ line, names uint32 }

// placeOf returns the place of a line.
func placeOf(line Line) place {
	names := tasks.BareApplyNum(line.ApplyNum) + " " + line.Tier
	return place{line: uint32(line.Number), names: crc32.Checksum([]byte(names), castagnoli)}
}

// firsts remembers at which place each imp_uid of a list stood first. A million of them take
// about 25 MB.
type firsts struct{ places byImpUID[place] }

// add returns the place at which an imp_uid stood first, and whether that was before this
// one.
func (f *firsts) add(impUID string, at place) (first place, again bool) {
	if first, again = f.places.get(impUID); again {
		return first, true
	}
	f.places.set(impUID, at)
	return at, false
}

// byImpUID keeps a value of each imp_uid. Those that are as PortOne makes them are kept as
// numbers. The zero value is empty.
type byImpUID[V any] struct {
	numbers map[uint64]V
	others  map[string]V
}

func (m *byImpUID[V]) get(impUID string) (value V, found bool) {
	if number, ok := pack(impUID); ok {
		value, found = m.numbers[number]
		return value, found
	}
	value, found = m.others[impUID]
	return value, found
}

func (m *byImpUID[V]) set(impUID string, value V) {
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
