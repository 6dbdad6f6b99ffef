package enqueue

import "strings"

// firsts remembers on which line of a list each imp_uid stood first. A million
// of them take about 25 MB: an imp_uid as PortOne makes them is kept as a
// number.
type firsts struct {
	numbers map[uint64]uint32
	others  map[string]uint32
	tiers   map[string]*firsts // of sub-merchants that are named, whose imp_uids are their own
}

func newFirsts() *firsts {
	return &firsts{numbers: make(map[uint64]uint32), others: make(map[string]uint32)}
}

// of returns those of a sub-merchant, "" for lines that name none.
func (f *firsts) of(tier string) *firsts {
	if tier == "" {
		return f
	}
	of, ok := f.tiers[tier]
	if !ok {
		if of = newFirsts(); f.tiers == nil {
			f.tiers = make(map[string]*firsts)
		}
		f.tiers[strings.Clone(tier)] = of
	}
	return of
}

// add returns the line on which an imp_uid stood first, and whether that was
// before this one.
func (f *firsts) add(impUID string, line int) (first int, repeated bool) {
	if number, ok := pack(impUID); ok {
		return addTo(f.numbers, number, line)
	}
	return addTo(f.others, strings.Clone(impUID), line)
}

func addTo[K comparable](lines map[K]uint32, key K, line int) (first int, repeated bool) {
	if before, ok := lines[key]; ok {
		return int(before), true
	}
	lines[key] = uint32(line)
	return line, false
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
