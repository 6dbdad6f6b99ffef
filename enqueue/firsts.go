package enqueue

import (
	"hash/crc32"

	"receiptrevoker/tasks"
)

// place is a line, and the sums of what it names besides its imp_uid: lines of one imp_uid
// that differ in it contradict each other.
type place struct {
	line, names uint32
	gateway     uint16 // 0 for none, or one that is not known
}

// contradicts reports whether a line names another receipt, tier or gateway than another of its imp_uid. A line without
// a gateway means the same.
func (p place) contradicts(other place) bool {
	return p.names != other.names || p.gateway != other.gateway && p.gateway != 0 && other.gateway != 0
}

// placeOf returns the place of a line.
func placeOf(line Line) place {
	names := tasks.BareApplyNum(line.ApplyNum) + " " + line.Tier
	at := place{line: uint32(line.Number), names: crc32.Checksum([]byte(names), castagnoli)}
	if pg, known := tasks.ParseGateway(string(line.PG)); known {
		at.gateway = uint16(crc32.Checksum([]byte(pg), castagnoli)) | 1
	}
	return at
}

// firsts remembers at which place each imp_uid of a list stood first. A million of them take
// about 29 MB.
type firsts struct{ places tasks.ByImpUID[place] }

// add returns the place at which an imp_uid stood first, and whether that was before this
// one.
func (f *firsts) add(impUID string, at place) (first place, again bool) {
	if first, again = f.places.Get(impUID); again {
		if first.gateway == 0 && at.gateway != 0 && first.names == at.names {
			f.places.Set(impUID, place{first.line, first.names, at.gateway}) // which a later line may contradict
		}
		return first, true
	}
	f.places.Set(impUID, at)
	return at, false
}
