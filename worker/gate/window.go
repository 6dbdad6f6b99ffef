package gate

import (
	"fmt"
	"slices"
)

const (
	// windowSize is how many calls of a process are looked at before PortOne's gate
	// closes, and windowLeast how many there must be.
	windowSize, windowLeast = 20, 10
	// windowBad is how many of ten must have failed.
	windowBad = 7
)

// window holds what the last calls to PortOne came to, the newest last, with one
// entry for a receipt. It counts calls and not time: a minute full of successes
// would admit hundreds of calls to a PortOne that has just gone down.
type window struct{ entries []entry }

type entry struct {
	impUID string
	failed bool
}

// add enters a call. What an earlier one for the same receipt came to no
// longer matters.
func (w *window) add(impUID string, failed bool) {
	w.entries = slices.DeleteFunc(w.entries, func(e entry) bool { return e.impUID == impUID })
	w.entries = append(w.entries, entry{impUID, failed})
	if extra := len(w.entries) - windowSize; extra > 0 {
		w.entries = slices.Delete(w.entries, 0, extra)
	}
}

// bad says that too many of the calls failed, or nothing if that is not so.
func (w *window) bad() string {
	failed := 0
	for _, e := range w.entries {
		if e.failed {
			failed++
		}
	}
	n := len(w.entries)
	if n < windowLeast || 10*failed < windowBad*n {
		return ""
	}
	return fmt.Sprintf("%d of the last %d calls failed", failed, n)
}
