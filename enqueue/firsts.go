package enqueue

// firsts remembers on which line of a list each imp_uid stood first. A million
// of them take about 40 MB: an imp_uid of up to 21 characters, and all that
// PortOne makes are shorter, is kept as the number that its characters spell.
type firsts struct {
	short map[[2]uint64]uint32
	long  map[string]uint32
}

func newFirsts() *firsts {
	return &firsts{short: make(map[[2]uint64]uint32), long: make(map[string]uint32)}
}

// add returns the line on which an imp_uid stood first, and whether that was
// before this one.
func (f *firsts) add(impUID string, line int) (first int, repeated bool) {
	if key, ok := pack(impUID); ok {
		return addTo(f.short, key, line)
	}
	return addTo(f.long, impUID, line)
}

func addTo[K comparable](lines map[K]uint32, key K, line int) (first int, repeated bool) {
	if before, ok := lines[key]; ok {
		return int(before), true
	}
	lines[key] = uint32(line)
	return line, false
}

// packed is the longest imp_uid whose characters fit into a number of 128 bits,
// with 6 bits each and one that tells where they begin.
const packed = 21

// pack returns the number that the characters of an imp_uid spell, and false if
// it is too long, or none.
func pack(impUID string) (key [2]uint64, ok bool) {
	if len(impUID) > packed {
		return key, false
	}
	high, low := uint64(0), uint64(1)
	for i := range len(impUID) {
		digit, ok := sixBits(impUID[i])
		if !ok {
			return key, false
		}
		high, low = high<<6|low>>58, low<<6|digit
	}
	return [2]uint64{high, low}, true
}

// sixBits numbers the characters of imp_uids.
func sixBits(c byte) (uint64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0'), true
	case c >= 'A' && c <= 'Z':
		return uint64(c-'A') + 10, true
	case c >= 'a' && c <= 'z':
		return uint64(c-'a') + 36, true
	case c == '_':
		return 62, true
	case c == '-':
		return 63, true
	}
	return 0, false
}
