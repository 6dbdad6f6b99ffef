package enqueue

import (
	"hash/crc32"

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
type firsts struct{ places tasks.ByImpUID[place] }

// add returns the place at which an imp_uid stood first, and whether that was before this
// one.
func (f *firsts) add(impUID string, at place) (first place, again bool) {
	if first, again = f.places.Get(impUID); again {
		return first, true
	}
	f.places.Set(impUID, at)
	return at, false
}
