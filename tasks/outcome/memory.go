package outcome

import (
	"strconv"
	"time"
)

// Memory is what an attempt hands on to the next one. All times are on Redis' clock.
type Memory struct {
	// UncertainAt is when the last DELETE ended that may have worked unseen; zero
	// for none.
	UncertainAt time.Time
	// AskedSince is the first lookup without a conclusive answer since the last
	// conclusive one.
	AskedSince time.Time
	// Tries counts the attempts that were turned away, or made no DELETE for want of a
	// lookup, since the last one that counted, and RefusedSince is the first of those.
	Tries        int
	RefusedSince time.Time
	// NotBefore is until when PortOne wants no call for the receipt; zero if it did not say.
	NotBefore time.Time
	// Seen is the apply_num of the receipt that is asked for, as a lookup showed it.
	Seen string
}

// values returns the names and values that are kept of it.
func (m Memory) values() []any {
	var values []any
	add := func(name, value string) {
		if value != "" && value != "0" {
			values = append(values, name, value)
		}
	}
	add("uncertain_at", millis(m.UncertainAt))
	add("asked_since", millis(m.AskedSince))
	add("tries", strconv.Itoa(m.Tries))
	add("refused_since", millis(m.RefusedSince))
	add("not_before", millis(m.NotBefore))
	add("seen", m.Seen)
	return values
}

// readMemory reads what values wrote.
func readMemory(kept pairs) Memory {
	tries, _ := strconv.Atoi(kept.get("tries"))
	return Memory{
		UncertainAt: timeOf(kept.get("uncertain_at"), time.UnixMilli),
		AskedSince:  timeOf(kept.get("asked_since"), time.UnixMilli), Tries: tries,
		RefusedSince: timeOf(kept.get("refused_since"), time.UnixMilli),
		NotBefore:    timeOf(kept.get("not_before"), time.UnixMilli), Seen: kept.get("seen"),
	}
}
