package gate

import (
	"fmt"
	"math"
	"slices"
)

// window holds what the last calls of a gate came to, the newest last, with one
// entry for a receipt. It counts calls and not time: a minute full of successes
// would let hundreds of calls through to a gateway that has just gone down.
type window struct {
	size    int
	entries []entry
}

type entry struct {
	impUID string
	failed bool
}

// add enters a call. What an earlier one for the same receipt came to no
// longer matters.
func (w *window) add(impUID string, failed bool) {
	w.entries = slices.DeleteFunc(w.entries, func(e entry) bool { return e.impUID == impUID })
	w.entries = append(w.entries, entry{impUID, failed})
	if extra := len(w.entries) - w.size; extra > 0 {
		w.entries = slices.Delete(w.entries, 0, extra)
	}
}

func (w *window) clear() { w.entries = nil }

// bad reports whether at least the given share failed of at least minimum
// calls, and says so.
func (w *window) bad(ratio float64, minimum int) (string, bool) {
	failed := 0
	for _, e := range w.entries {
		if e.failed {
			failed++
		}
	}
	n := len(w.entries)
	if n < minimum || failed < int(math.Ceil(ratio*float64(n))) {
		return "", false
	}
	return fmt.Sprintf("%d of the last %d calls failed", failed, n), true
}
