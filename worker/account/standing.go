package account

import "time"

// Standing is what an account is to a namespace: its account, its former account, or the
// namespace has none yet. For every other account there is [ErrOther].
type Standing struct {
	// Known is whether the namespace has an account.
	Known bool
	// Until is until when a former account is good, by Redis' clock; zero for the current
	// account.
	Until time.Time
}

// Former reports whether another account was accepted in the account's place.
func (s Standing) Former() bool { return !s.Until.IsZero() }

// record is what Redis holds of a namespace's account: a key, and the fingerprints under
// it.
type record struct {
	key, current, previous string
	until                  time.Time // until when the previous account is good
}

// standing returns what the account with a fingerprint is, and false for another account.
func (r record) standing(fingerprint string, now time.Time) (Standing, bool) {
	switch {
	case r.current == "":
		return Standing{}, true
	case r.current == fingerprint:
		return Standing{Known: true}, true
	case r.previous == fingerprint && now.Before(r.until):
		return Standing{Known: true, Until: r.until}, true
	}
	return Standing{Known: true}, false
}
