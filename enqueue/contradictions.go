package enqueue

import (
	"iter"

	"receiptrevoker/tasks"
)

// Contradictions are the imp_uids of a list of which not every line names the same apply_num
// and the same tier, or of which lines name different gateways, so that it is unclear which
// receipt is meant. To name no apply_num or tier is to name another, and zeros before a number of
// digits do not matter. A nil one has none.
type Contradictions struct {
	places tasks.ByImpUID[[2]place] // the first line of each, and the first that contradicts it
}

// FindContradictions reads a list to its end. While it does, it keeps about 29 bytes of each
// line; what it returns has 43 for each imp_uid whose lines contradict each other.
func FindContradictions(lines iter.Seq[Line]) *Contradictions {
	var found Contradictions
	var firsts firsts
	for line := range lines {
		if !line.valid() {
			continue
		}
		at := placeOf(line)
		first, again := firsts.add(line.ImpUID, at)
		if !again || !at.contradicts(first) {
			continue
		}
		if _, known := found.places.Get(line.ImpUID); !known {
			found.places.Set(line.ImpUID, [2]place{first, at})
		}
	}
	return &found
}

// Mark returns a line of the list as one that cannot be asked for if another contradicts it,
// which its error names, and else as it is. To a batch it is the same line either way.
func (c *Contradictions) Mark(line Line) Line {
	if c == nil {
		return line
	}
	places, found := c.places.Get(line.ImpUID)
	if !found || !line.valid() {
		return line
	}
	other := places[0]
	if !other.contradicts(placeOf(line)) {
		other = places[1]
	}
	return line.contradicting(other.line, "none of them is asked for; give the right one in another list")
}
